#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "core/link_facts.h"
#include "crypt/certificates.h"
#include "native/keys.h"
#include "native/keys_state.h"
#include "wire/text.h"

#define YEAR_S            (UINT64_C(365) * 86400)
#define CREDENTIALS_BYTES (X509_DER_MAX + 4 * ED_CERT_LEN_MAX + RSA_SIGNATURE_MAX)

/* The credentials and the bytes that their spans point into. */
struct credentials_block {
    struct link_credentials credentials;
    uint8_t bytes[CREDENTIALS_BYTES];
};

bool ed_key_sign(const struct ed_key *key, struct span message, uint8_t out[static 64]) {
    uint8_t public[32];
    uint8_t sign_bit;
    return ed25519_sign_with_x25519_secret(key->secret, message, out, public, &sign_bit) &&
           memcmp(public, key->public, sizeof(public)) == 0;
}

size_t ed_key_certify(const struct ed_key *key, const struct ed_cert *cert,
                      uint8_t out[static ED_CERT_LEN_MAX]) {
    struct bytes_out bytes = bytes_out(out, ED_CERT_LEN_MAX);
    ed_cert_encode_unsigned(&bytes, cert);
    size_t length = bytes_written(&bytes);
    uint8_t *signature = bytes_reserve(&bytes, ED25519_SIGNATURE_LEN);
    if (!signature || !ed_key_sign(key, (struct span){out, length}, signature))
        return 0;
    return bytes_written(&bytes);
}

/* Certify key by the signing key, at the end of out. An empty span on failure. */
static struct span put_ed_cert(const struct keys *keys, struct bytes_out *out, enum ed_cert_type type,
                               enum ed_cert_key_type key_type, const uint8_t key[static 32], uint64_t now_s) {
    uint8_t bytes[ED_CERT_LEN_MAX];
    struct ed_cert cert = {.type = (uint8_t)type,
                           .expires_hours = cert_hours(now_s + KEYS_LINK_CERT_LIFETIME_S),
                           .key_type = (uint8_t)key_type};
    memcpy(cert.key, key, sizeof(cert.key));
    size_t length = ed_key_certify(&keys->signing, &cert, bytes);
    uint8_t *start = bytes_reserve(out, length);
    if (!start || length == 0)
        return (struct span){NULL, 0};
    memcpy(start, bytes, length);
    return (struct span){start, length};
}

/* The self-signed certificate of the RSA identity. */
static struct span put_x509(const struct keys *keys, struct bytes_out *out, uint64_t now_s) {
    uint8_t der[X509_DER_MAX];
    char name[X509_HOSTNAME_MAX];
    struct x509_request request = {
        .subject_key = keys->rsa, .issuer_key = keys->rsa, .subject_name = name, .issuer_name = name};
    x509_hostname(".com", name);
    x509_window(now_s, YEAR_S, &request.not_before_s, &request.not_after_s);
    size_t length = x509_make(&request, der);
    uint8_t *start = bytes_reserve(out, length);
    if (!start)
        return (struct span){NULL, 0};
    memcpy(start, der, length);
    return (struct span){start, length};
}

/* The RSA identity's word for the Ed25519 one (cert-spec 2.3). */
static struct span put_cross_cert(const struct keys *keys, struct bytes_out *out, uint64_t now_s) {
    uint8_t digest[SHA256_LEN];
    uint8_t signature[RSA_SIGNATURE_MAX];
    struct rsa_ed_cross_cert cert = {.expires_hours = cert_hours(now_s + YEAR_S / 2)};
    memcpy(cert.ed_id, keys->master.public, sizeof(cert.ed_id));
    certificates_cross_digest(keys->crypt, cert.ed_id, cert.expires_hours, digest);
    cert.signature = (struct span){
        signature, rsa_key_sign_raw(keys->rsa, (struct span){digest, sizeof(digest)}, signature)};
    uint8_t *start = out->next;
    rsa_ed_cross_cert_encode(out, &cert);
    return (struct span){start, (size_t)(out->next - start)};
}

static bool fill_certs(const struct keys *keys, struct credentials_block *block, uint64_t now_s) {
    struct link_credentials *c = &block->credentials;
    struct bytes_out out = bytes_out(block->bytes, sizeof(block->bytes));
    struct span x509 = put_x509(keys, &out, now_s);
    struct span cross = put_cross_cert(keys, &out, now_s);
    uint8_t *copy = bytes_reserve(&out, keys->signing_cert_length);
    if (!copy)
        return false;
    memcpy(copy, keys->signing_cert, keys->signing_cert_length);
    struct span signing = {copy, keys->signing_cert_length};
    struct span link =
        put_ed_cert(keys, &out, ED_CERT_TLS_LINK, ED_CERT_KEY_SHA256_X509, c->tls_certificate_sha256, now_s);
    struct span authenticate =
        put_ed_cert(keys, &out, ED_CERT_AUTHENTICATE, ED_CERT_KEY_ED25519, keys->authenticate_public, now_s);
    struct certs_message both = {.by_type = {[LINK_CERT_RSA_IDENTITY] = x509,
                                             [LINK_CERT_ED_SIGNING] = signing,
                                             [LINK_CERT_RSA_ED_CROSS] = cross}};
    c->as_responder = both;
    c->as_responder.by_type[LINK_CERT_ED_TLS_LINK] = link;
    c->as_initiator = both;
    c->as_initiator.by_type[LINK_CERT_ED_AUTHENTICATE] = authenticate;
    return bytes_out_ok(&out) && link.length > 0 && authenticate.length > 0;
}

struct link_credentials *keys_credentials_new(const struct keys *keys,
                                              const uint8_t tls_certificate_sha256[static 32],
                                              const struct endpoint advertised[static 2], uint64_t now_s,
                                              struct complaint *complaint) {
    struct credentials_block *block = calloc(1, sizeof(*block));
    if (!block) {
        complain(complaint, "no memory");
        return NULL;
    }
    struct link_credentials *c = &block->credentials;
    memcpy(c->rsa_id, keys->rsa_id, sizeof(c->rsa_id));
    memcpy(c->rsa_sha256, keys->rsa_sha256, sizeof(c->rsa_sha256));
    memcpy(c->ed_id, keys->master.public, sizeof(c->ed_id));
    memcpy(c->authenticate_seed, keys->authenticate_seed, sizeof(c->authenticate_seed));
    memcpy(c->tls_certificate_sha256, tls_certificate_sha256, sizeof(c->tls_certificate_sha256));
    memcpy(c->advertised, advertised, sizeof(c->advertised));
    if (fill_certs(keys, block, now_s))
        return c;
    complain(complaint, "link certificates cannot be signed with the keys in %s", keys->place.key_directory);
    keys_credentials_free(c);
    return NULL;
}

void keys_credentials_free(struct link_credentials *credentials) {
    if (!credentials)
        return;
    static_assert(offsetof(struct credentials_block, credentials) == 0,
                  "the block begins with the credentials");
    OPENSSL_cleanse(credentials, sizeof(*credentials));
    free(credentials);
}

bool keys_sign_rsa(const struct keys *keys, struct span digest, uint8_t out[static 128]) {
    uint8_t signature[RSA_SIGNATURE_MAX];
    if (rsa_key_sign_raw(keys->rsa, digest, signature) != 128)
        return false;
    memcpy(out, signature, 128);
    return true;
}

bool keys_sign_ed(const struct keys *keys, struct span message, uint8_t out[static 64]) {
    return ed_key_sign(&keys->signing, message, out);
}

/* dir-spec 2.1.1, onion-key-crosscert: the TAP key's word for both identities. */
static bool fill_tap(const struct keys *keys, struct descriptor_keys *out) {
    uint8_t der[RSA_PUBLIC_DER_MAX];
    uint8_t signature[RSA_SIGNATURE_MAX];
    uint8_t text[DESCRIPTOR_TAP_CROSS_LEN];
    size_t length = rsa_key_public_der(keys->tap, der);
    if (length > sizeof(out->tap_der))
        return false;
    memcpy(out->tap_der, der, length);
    out->tap_der_length = (uint8_t)length;
    memcpy(text, keys->rsa_id, 20);
    memcpy(text + 20, keys->master.public, 32);
    if (rsa_key_sign_raw(keys->tap, (struct span){text, sizeof(text)}, signature) !=
        sizeof(out->tap_crosscert))
        return false;
    memcpy(out->tap_crosscert, signature, sizeof(out->tap_crosscert));
    return true;
}

/* dir-spec 2.1.1, ntor-onion-key-crosscert: the ntor key, turned into an Ed25519 key, certifies the identity. */
static bool fill_ntor(const struct keys *keys, uint64_t now_s, struct descriptor_keys *out) {
    struct ed_cert cert = {.type = ED_CERT_NTOR_CROSS,
                           .expires_hours = cert_hours(now_s + keys->onion_lifetime_s + keys->onion_grace_s),
                           .key_type = ED_CERT_KEY_ED25519};
    struct bytes_out bytes = bytes_out(out->ntor_crosscert, sizeof(out->ntor_crosscert));
    uint8_t ed_public[32];
    memcpy(out->ntor_public, keys->onion[0].public, sizeof(out->ntor_public));
    memcpy(cert.key, keys->master.public, sizeof(cert.key));
    ed_cert_encode_unsigned(&bytes, &cert);
    struct span body = {out->ntor_crosscert, bytes_written(&bytes)};
    uint8_t *signature = bytes_reserve(&bytes, ED25519_SIGNATURE_LEN);
    if (!signature || !ed25519_sign_with_x25519_secret(keys->onion[0].secret, body, signature, ed_public,
                                                       &out->ntor_crosscert_sign))
        return false;
    out->ntor_crosscert_length = (uint8_t)bytes_written(&bytes);
    return true;
}

/* Proposal 321: each family's key certifies the identity, and says which key that was. */
static bool fill_families(const struct keys *keys, uint64_t now_s, struct descriptor_keys *out) {
    struct ed_cert cert = {.type = ED_CERT_FAMILY,
                           .expires_hours = cert_hours(now_s + KEYS_FAMILY_CERT_LIFETIME_S),
                           .key_type = ED_CERT_KEY_ED25519,
                           .has_signer = true};
    memcpy(cert.key, keys->master.public, sizeof(cert.key));
    for (uint32_t i = 0; i < keys->family_count; i++) {
        memcpy(cert.signer, keys->families[i].public, sizeof(cert.signer));
        size_t length = ed_key_certify(&keys->families[i], &cert, out->family_certs[i]);
        if (length == 0)
            return false;
        out->family_cert_lengths[i] = (uint8_t)length;
    }
    out->family_cert_count = (uint8_t)keys->family_count;
    return true;
}

bool keys_descriptor(const struct keys *keys, uint64_t now_s, struct descriptor_keys *out,
                     struct complaint *complaint) {
    memset(out, 0, sizeof(*out));
    bool good = keys->rsa_der_length <= sizeof(out->rsa_der) && keys->signing_cert_length <= UINT8_MAX &&
                fill_tap(keys, out) && fill_ntor(keys, now_s, out) && fill_families(keys, now_s, out);
    if (!good)
        return complain(complaint, "the descriptor cannot be signed with the keys in %s",
                        keys->place.key_directory);
    memcpy(out->rsa_id, keys->rsa_id, sizeof(out->rsa_id));
    memcpy(out->rsa_der, keys->rsa_der, keys->rsa_der_length);
    out->rsa_der_length = (uint8_t)keys->rsa_der_length;
    memcpy(out->ed_id, keys->master.public, sizeof(out->ed_id));
    memcpy(out->signing_cert, keys->signing_cert, keys->signing_cert_length);
    out->signing_cert_length = (uint8_t)keys->signing_cert_length;
    return true;
}
