#include "memnet/relay_identity.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/check.h"
#include "crypt/certificates.h"
#include "crypt/symbolic.h"
#include "native/openssl_keys.h"
#include "native/openssl_provider.h"
#include "wire/ed_cert.h"

#define KEYS_MAX      80u
#define DAYS_30_S     UINT64_C(2592000)
#define EXPIRES_HOURS ((uint32_t)(IDENTITY_UNIX_S / 3600 + 720))
#define NOT_BEFORE_S  (IDENTITY_UNIX_S - DAYS_30_S)
#define NOT_AFTER_S   (IDENTITY_UNIX_S + DAYS_30_S)

/* Secrets of one relay; the RSA key is real, or a byte string of as many bytes for the symbolic provider. */
struct secrets {
    EVP_PKEY *rsa;
    uint8_t rsa_der[RSA_PUBLIC_DER_MAX];
    size_t rsa_der_length;
    uint8_t identity_seed[32], signing_seed[32], authenticate_seed[32];
    uint8_t onion_secret[32], junk_secret[32];
};

static void fill(uint8_t *out, size_t length, unsigned index, uint8_t salt) {
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)(salt * 31u + index * 7u + i * 13u + 1u);
}

static bool is_real(const struct crypt_provider *crypt) {
    return crypt == openssl_provider();
}

static const struct secrets *secrets_of(const struct crypt_provider *crypt, unsigned index) {
    static struct secrets real[KEYS_MAX], symbolic[KEYS_MAX];
    CHECK(index < KEYS_MAX);
    struct secrets *s = is_real(crypt) ? &real[index] : &symbolic[index];
    if (s->rsa_der_length > 0)
        return s;
    fill(s->identity_seed, 32, index, 1);
    fill(s->signing_seed, 32, index, 2);
    fill(s->authenticate_seed, 32, index, 3);
    fill(s->onion_secret, 32, index, 4);
    fill(s->junk_secret, 32, index, 5);
    if (is_real(crypt)) {
        s->rsa = rsa_key_generate(RSA_IDENTITY_BITS); /* kept for the life of the process */
        s->rsa_der_length = rsa_key_public_der(s->rsa, s->rsa_der);
    } else {
        s->rsa_der_length = 140;
        fill(s->rsa_der, s->rsa_der_length, index, 6);
    }
    return s;
}

static void ed_public(const struct crypt_provider *crypt, const uint8_t seed[static 32],
                      uint8_t out[static 32]) {
    if (is_real(crypt))
        ed25519_public_of_seed(seed, out);
    else
        symbolic_ed25519_public(seed, out);
}

static void x_keypair(const struct crypt_provider *crypt, const uint8_t secret[static 32],
                      struct ntor_keypair *out) {
    memcpy(out->secret, secret, 32);
    if (is_real(crypt))
        x25519_public_of_secret(secret, out->public);
    else
        symbolic_x25519_public(secret, out->public);
}

static struct span make_x509(const struct crypt_provider *crypt, const struct secrets *s, uint8_t *out) {
    if (!is_real(crypt)) {
        struct span key = {s->rsa_der, s->rsa_der_length};
        return (struct span){out, symbolic_x509_make(key, NOT_BEFORE_S, NOT_AFTER_S, out)};
    }
    struct x509_request request = {s->rsa,           s->rsa,       "www.memnet.net",
                                   "www.memnet.net", NOT_BEFORE_S, NOT_AFTER_S};
    size_t length =
        0; /* which depends on the first bits of random numbers: draw until it is that of symbolic ones */
    for (unsigned i = 0; i < 1000 && length != SYMBOLIC_X509_LEN; i++)
        length = x509_make(&request, out);
    CHECK(length == SYMBOLIC_X509_LEN);
    return (struct span){out, length};
}

static struct span make_cross(const struct crypt_provider *crypt, const struct secrets *s,
                              const uint8_t ed_id[static 32], uint8_t *out) {
    uint8_t digest[SHA256_LEN], signature[RSA_SIGNATURE_MAX];
    certificates_cross_digest(crypt, ed_id, EXPIRES_HOURS, digest);
    struct span what = {digest, sizeof(digest)};
    struct rsa_ed_cross_cert cert = {.expires_hours = EXPIRES_HOURS, .signature = {signature, 0}};
    memcpy(cert.ed_id, ed_id, 32);
    if (is_real(crypt)) {
        cert.signature.length = rsa_key_sign_raw(s->rsa, what, signature);
    } else {
        symbolic_rsa_sign_raw((struct span){s->rsa_der, s->rsa_der_length}, what, signature);
        cert.signature.length = SYMBOLIC_RSA_SIGNATURE_LEN;
    }
    struct bytes_out bytes = bytes_out(out, IDENTITY_CERTIFICATE_MAX);
    rsa_ed_cross_cert_encode(&bytes, &cert);
    CHECK(bytes_out_ok(&bytes));
    return (struct span){out, bytes_written(&bytes)};
}

static struct span make_ed(const struct crypt_provider *crypt, uint8_t type, uint8_t key_type,
                           const uint8_t key[static 32], const uint8_t signer_seed[static 32], uint8_t *out) {
    struct ed_cert cert = {.type = type,
                           .expires_hours = EXPIRES_HOURS,
                           .key_type = key_type,
                           .has_signer = type == ED_CERT_SIGNING};
    memcpy(cert.key, key, 32);
    ed_public(crypt, signer_seed, cert.signer);
    return (struct span){out, certificates_make_ed(crypt, &cert, signer_seed, out)};
}

static void make_certificates(struct relay_identity *identity, const struct crypt_provider *crypt,
                              const struct secrets *s) {
    struct link_credentials *own = &identity->credentials;
    uint8_t signing[32], authenticate[32];
    ed_public(crypt, s->signing_seed, signing);
    ed_public(crypt, s->authenticate_seed, authenticate);
    struct span *responder = own->as_responder.by_type, *initiator = own->as_initiator.by_type;
    uint8_t(*room)[IDENTITY_CERTIFICATE_MAX] = identity->certificates;

    responder[LINK_CERT_RSA_IDENTITY] = make_x509(crypt, s, room[0]);
    responder[LINK_CERT_ED_SIGNING] =
        make_ed(crypt, ED_CERT_SIGNING, ED_CERT_KEY_ED25519, signing, s->identity_seed, room[1]);
    responder[LINK_CERT_RSA_ED_CROSS] = make_cross(crypt, s, own->ed_id, room[2]);
    memcpy(initiator, responder, sizeof(own->as_initiator.by_type));
    responder[LINK_CERT_ED_TLS_LINK] = make_ed(crypt, ED_CERT_TLS_LINK, ED_CERT_KEY_SHA256_X509,
                                               own->tls_certificate_sha256, s->signing_seed, room[3]);
    initiator[LINK_CERT_ED_AUTHENTICATE] =
        make_ed(crypt, ED_CERT_AUTHENTICATE, ED_CERT_KEY_ED25519, authenticate, s->signing_seed, room[4]);
}

void relay_identity_make(struct relay_identity *identity, const struct crypt_provider *crypt, unsigned index,
                         const struct endpoint *address) {
    const struct secrets *s = secrets_of(crypt, index);
    *identity = (struct relay_identity){0};
    struct link_credentials *own = &identity->credentials;
    struct span der = {s->rsa_der, s->rsa_der_length};
    crypt->sha1(&der, 1, own->rsa_id);
    crypt->sha256(&der, 1, own->rsa_sha256);
    ed_public(crypt, s->identity_seed, own->ed_id);
    memcpy(own->authenticate_seed, s->authenticate_seed, 32);
    fill(own->tls_certificate_sha256, 32, index, 7); /* there is no TLS: any fixed digest will do */
    own->advertised[0] = *address;
    make_certificates(identity, crypt, s);

    memcpy(identity->ntor.rsa_id, own->rsa_id, 20);
    memcpy(identity->ntor.ed_id, own->ed_id, 32);
    x_keypair(crypt, s->onion_secret, &identity->ntor.onion[0]);
    identity->ntor.onion_count = 1;
    x_keypair(crypt, s->junk_secret, &identity->ntor.junk);
}
