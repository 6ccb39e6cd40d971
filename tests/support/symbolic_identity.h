/* symbolic_identity - who a relay is, in the symbolic provider's keys: cheap enough to make one for each test.
 */
#ifndef LOOM_SUPPORT_SYMBOLIC_IDENTITY_H
#define LOOM_SUPPORT_SYMBOLIC_IDENTITY_H

#include <string.h>

#include "base/check.h"
#include "core/link_facts.h"
#include "crypt/certificates.h"
#include "crypt/ntor.h"
#include "crypt/symbolic.h"
#include "wire/ed_cert.h"

#define SYMBOLIC_NOW_S \
    UINT64_C(1800000000) /* a whole hour; certificates are valid a day before and after it */

struct symbolic_identity {
    struct link_credentials credentials;
    struct ntor_server_keys ntor;
    uint8_t rsa_key[140];
    uint8_t certificates[5][SYMBOLIC_X509_LEN];
};

/* --- its certificates -------------------------------------------------------------------------------------------- */

static inline struct span identity_x509(struct symbolic_identity *id) {
    struct span key = {id->rsa_key, sizeof id->rsa_key};
    uint8_t *out = id->certificates[0];
    return (struct span){out, symbolic_x509_make(key, SYMBOLIC_NOW_S - 86400, SYMBOLIC_NOW_S + 86400, out)};
}

static inline struct span identity_ed(const struct crypt_provider *crypt, const struct ed_cert *cert,
                                      const uint8_t signer_seed[static 32], uint8_t *out) {
    return (struct span){out, certificates_make_ed(crypt, cert, signer_seed, out)};
}

static inline struct span identity_cross(const struct crypt_provider *crypt, struct symbolic_identity *id) {
    uint8_t digest[SHA256_LEN], signature[SYMBOLIC_RSA_SIGNATURE_LEN];
    struct rsa_ed_cross_cert cross = {.expires_hours = (uint32_t)(SYMBOLIC_NOW_S / 3600 + 24)};
    memcpy(cross.ed_id, id->credentials.ed_id, 32);
    certificates_cross_digest(crypt, cross.ed_id, cross.expires_hours, digest);
    symbolic_rsa_sign_raw((struct span){id->rsa_key, sizeof id->rsa_key}, (struct span){digest, 32},
                          signature);
    cross.signature = (struct span){signature, sizeof signature};
    struct bytes_out out = bytes_out(id->certificates[1], sizeof id->certificates[1]);
    rsa_ed_cross_cert_encode(&out, &cross);
    CHECK(bytes_out_ok(&out));
    return (struct span){out.start, bytes_written(&out)};
}

static inline void identity_certify(const struct crypt_provider *crypt, struct symbolic_identity *id,
                                    const uint8_t identity_seed[static 32],
                                    const uint8_t signing_seed[static 32]) {
    struct link_credentials *own = &id->credentials;
    uint32_t hours = (uint32_t)(SYMBOLIC_NOW_S / 3600 + 24);
    struct ed_cert signing = {
        .type = ED_CERT_SIGNING, .key_type = ED_CERT_KEY_ED25519, .expires_hours = hours, .has_signer = true};
    struct ed_cert tls = {
        .type = ED_CERT_TLS_LINK, .key_type = ED_CERT_KEY_SHA256_X509, .expires_hours = hours};
    struct ed_cert authenticate = {
        .type = ED_CERT_AUTHENTICATE, .key_type = ED_CERT_KEY_ED25519, .expires_hours = hours};
    memcpy(signing.signer, own->ed_id, 32);
    symbolic_ed25519_public(signing_seed, signing.key);
    memcpy(tls.key, own->tls_certificate_sha256, 32);
    symbolic_ed25519_public(own->authenticate_seed, authenticate.key);

    struct span *both = own->as_responder.by_type;
    both[LINK_CERT_RSA_IDENTITY] = identity_x509(id);
    both[LINK_CERT_RSA_ED_CROSS] = identity_cross(crypt, id);
    both[LINK_CERT_ED_SIGNING] = identity_ed(crypt, &signing, identity_seed, id->certificates[2]);
    own->as_initiator = own->as_responder;
    both[LINK_CERT_ED_TLS_LINK] = identity_ed(crypt, &tls, signing_seed, id->certificates[3]);
    own->as_initiator.by_type[LINK_CERT_ED_AUTHENTICATE] =
        identity_ed(crypt, &authenticate, signing_seed, id->certificates[4]);
}

/* Identity number `number` at 10.0.0.number:9001. It stays where it is: the credentials point into it. */
static inline void symbolic_identity_make(struct symbolic_identity *id, const struct crypt_provider *crypt,
                                          uint8_t number) {
    *id = (struct symbolic_identity){0};
    struct link_credentials *own = &id->credentials;
    uint8_t identity_seed[32] = {number, 1}, signing_seed[32] = {number, 2};
    memset(id->rsa_key, number, sizeof id->rsa_key);
    own->authenticate_seed[0] = number;
    own->authenticate_seed[1] = 3;
    memset(own->tls_certificate_sha256, 0x40 + number, 32);
    own->advertised[0] = (struct endpoint){{ADDRESS_IPV4, {10, 0, 0, number}}, 9001};

    struct span key = {id->rsa_key, sizeof id->rsa_key};
    crypt->sha1(&key, 1, own->rsa_id);
    crypt->sha256(&key, 1, own->rsa_sha256);
    symbolic_ed25519_public(identity_seed, own->ed_id);
    identity_certify(crypt, id, identity_seed, signing_seed);

    memcpy(id->ntor.rsa_id, own->rsa_id, 20);
    memcpy(id->ntor.ed_id, own->ed_id, 32);
    id->ntor.onion_count = 1;
    memset(id->ntor.onion[0].secret, 0x80 + number, 32);
    symbolic_x25519_public(id->ntor.onion[0].secret, id->ntor.onion[0].public);
    memset(id->ntor.junk.secret, 0x99, 32);
    symbolic_x25519_public(id->ntor.junk.secret, id->ntor.junk.public);
}

/* The exporter of a TLS session: context is 32 bytes that both of its ends know. */
static inline void symbolic_export(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    const uint8_t *secret = context;
    for (size_t i = 0; i < 32; i++)
        out[i] = (uint8_t)(secret[i] ^ cid[i]);
}

#endif
