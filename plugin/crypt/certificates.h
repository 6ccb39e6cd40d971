/* certificates - checks of what a peer presents in CERTS and AUTHENTICATE, and the making of our own (tor-spec 4.2 to
 * 4.4, cert-spec). Pure functions over the provider. */
#ifndef LOOM_CRYPT_CERTIFICATES_H
#define LOOM_CRYPT_CERTIFICATES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "crypt/provider.h"
#include "wire/ed_cert.h"
#include "wire/link_messages.h"

#define RSA_IDENTITY_DER_MAX 160u

/* Who a peer has proved to be. */
struct peer_identity {
    uint8_t rsa_id[20];     /* SHA1 of the RSA identity key */
    uint8_t rsa_sha256[32]; /* SHA256 of it: CID or SID in AUTHENTICATE */
    uint8_t ed_id[32];
    uint8_t authenticate_key[32]; /* from certificate type 6; zero when absent */
    bool has_authenticate_key;
};

/* Check types 2, 4 and 7, and 5 against tls_certificate_sha256 when the peer is the responder, or 6 when it is the
 * initiator (tor-spec 4.2: all or nothing, no fall-back to RSA). */
MUST_USE enum err certificates_check_responder(const struct crypt_provider *crypt,
                                               const struct certs_message *certs,
                                               const uint8_t tls_certificate_sha256[static 32],
                                               uint64_t now_s, struct peer_identity *out);
MUST_USE enum err certificates_check_initiator(const struct crypt_provider *crypt,
                                               const struct certs_message *certs, uint64_t now_s,
                                               struct peer_identity *out);

/* Sign cert with the Ed25519 secret seed; returns its length in out (room ED_CERT_LEN_MAX). */
size_t certificates_make_ed(const struct crypt_provider *crypt, const struct ed_cert *cert,
                            const uint8_t signer_seed[static 32], uint8_t out[static ED_CERT_LEN_MAX]);

/* Digest that the RSA identity key signs in the type 7 certificate (cert-spec 2.3). */
void certificates_cross_digest(const struct crypt_provider *crypt, const uint8_t ed_id[static 32],
                               uint32_t expires_hours, uint8_t out[static SHA256_LEN]);

#endif
