/* ed_cert - Ed25519 certificates and the RSA->Ed25519 cross-certificate as bytes (cert-spec 2.1, 2.3); who signs and
 * verifies is in crypt/certificates.h. Decoded spans borrow the input. */
#ifndef LOOM_WIRE_ED_CERT_H
#define LOOM_WIRE_ED_CERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

enum ed_cert_type {
    ED_CERT_SIGNING = 4,       /* identity signs the signing key */
    ED_CERT_TLS_LINK = 5,      /* signing key signs SHA256 of the TLS certificate */
    ED_CERT_AUTHENTICATE = 6,  /* signing key signs the link authentication key */
    ED_CERT_ONION_SIGNING = 8, /* blinded key signs the signing key of a service (rend-spec-v3) */
    ED_CERT_NTOR_CROSS = 10,   /* ntor key (as Ed25519) signs the identity */
    ED_CERT_FAMILY = 12,       /* key of a family signs the identity of one of its relays (proposal 321) */
};
enum ed_cert_key_type { ED_CERT_KEY_ED25519 = 1, ED_CERT_KEY_SHA256_X509 = 3 };

#define ED_CERT_LEN_MAX 256u

struct ed_cert {
    uint8_t type;           /* enum ed_cert_type or unknown */
    uint32_t expires_hours; /* since 1970 */
    uint8_t key_type;
    uint8_t key[32]; /* certified */
    bool has_signer; /* extension 04 */
    uint8_t signer[32];
    struct span signed_part; /* on decode: what the signature covers */
    uint8_t signature[64];
};
/* Version must be 1; an unknown extension with the AFFECTS_VALIDATION flag is ERR_UNSUPPORTED; trailing bytes are
 * ERR_MALFORMED. */
MUST_USE enum err ed_cert_decode(struct span bytes, struct ed_cert *out);
/* Write all but the signature: the caller signs bytes_written(out) bytes and appends 64. */
void ed_cert_encode_unsigned(struct bytes_out *out, const struct ed_cert *cert);

#define RSA_ED_CROSS_SIGNED_LEN 36u
struct rsa_ed_cross_cert {
    uint8_t ed_id[32];
    uint32_t expires_hours;
    struct span signature;
};
MUST_USE enum err rsa_ed_cross_cert_decode(struct span bytes, struct rsa_ed_cross_cert *out);
/* First the RSA_ED_CROSS_SIGNED_LEN signed bytes, then the length and the signature. */
void rsa_ed_cross_cert_encode(struct bytes_out *out, const struct rsa_ed_cross_cert *cert);

#endif
