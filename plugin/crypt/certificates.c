#include "crypt/certificates.h"

#include <string.h>

#include "base/check.h"

static const char cross_prefix[] = "Tor TLS RSA/Ed25519 cross-certificate";

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

static bool is_expired(uint32_t expires_hours, uint64_t now_s) {
    return (uint64_t)expires_hours * 3600 < now_s;
}

/* What an Ed25519 certificate in CERTS must be. */
struct expectation {
    enum link_cert_type in_certs;
    uint8_t type;          /* enum ed_cert_type */
    uint8_t key_type;      /* enum ed_cert_key_type */
    const uint8_t *signer; /* NULL: the certificate names it itself, in extension 04 */
};

static const struct expectation signing_expected = {LINK_CERT_ED_SIGNING, ED_CERT_SIGNING,
                                                    ED_CERT_KEY_ED25519, NULL};

static enum err check_ed(const struct crypt_provider *crypt, const struct certs_message *certs,
                         const struct expectation *expected, uint64_t now_s, struct ed_cert *out) {
    struct span bytes = certs->by_type[expected->in_certs];
    if (bytes.length == 0)
        return ERR_PROTOCOL;
    enum err e = ed_cert_decode(bytes, out);
    if (e)
        return e;
    if (out->type != expected->type || out->key_type != expected->key_type)
        return ERR_PROTOCOL;
    const uint8_t *signer = expected->signer ? expected->signer : out->signer;
    if (!expected->signer && !out->has_signer)
        return ERR_PROTOCOL;
    if (out->has_signer && memcmp(out->signer, signer, 32) != 0)
        return ERR_IDENTITY;
    if (is_expired(out->expires_hours, now_s))
        return ERR_EXPIRED;
    return crypt->ed25519_verify(signer, out->signed_part, out->signature) ? ERR_OK : ERR_BAD_SIGNATURE;
}

/* Type 7: the RSA identity says which Ed25519 identity is its own. */
static enum err check_cross(const struct crypt_provider *crypt, struct span bytes, struct span rsa_key,
                            const uint8_t ed_id[static 32], uint64_t now_s) {
    struct rsa_ed_cross_cert cross;
    if (bytes.length == 0)
        return ERR_PROTOCOL;
    enum err e = rsa_ed_cross_cert_decode(bytes, &cross);
    if (e)
        return e;
    if (memcmp(cross.ed_id, ed_id, 32) != 0)
        return ERR_IDENTITY;
    if (is_expired(cross.expires_hours, now_s))
        return ERR_EXPIRED;
    uint8_t digest[SHA256_LEN];
    certificates_cross_digest(crypt, cross.ed_id, cross.expires_hours, digest);
    bool good = crypt->rsa_verify_raw(rsa_key, span_of(digest, sizeof(digest)), cross.signature);
    return good ? ERR_OK : ERR_BAD_SIGNATURE;
}

/* Types 2, 4 and 7, which both sides present: fill who out, and signing with the certificate of the signing key. */
static enum err check_identity(const struct crypt_provider *crypt, const struct certs_message *certs,
                               uint64_t now_s, struct ed_cert *signing, struct peer_identity *out) {
    uint8_t der[RSA_IDENTITY_DER_MAX];
    size_t length = sizeof(der);
    struct span x509 = certs->by_type[LINK_CERT_RSA_IDENTITY];
    if (x509.length == 0)
        return ERR_PROTOCOL;
    enum err e = crypt->x509_rsa_identity(x509, now_s, der, &length);
    if (e)
        return e;
    const struct span rsa_key = span_of(der, length);
    if ((e = check_ed(crypt, certs, &signing_expected, now_s, signing)) != ERR_OK)
        return e;
    if ((e = check_cross(crypt, certs->by_type[LINK_CERT_RSA_ED_CROSS], rsa_key, signing->signer, now_s)) !=
        ERR_OK)
        return e;
    crypt->sha1(&rsa_key, 1, out->rsa_id);
    crypt->sha256(&rsa_key, 1, out->rsa_sha256);
    memcpy(out->ed_id, signing->signer, 32);
    return ERR_OK;
}

enum err certificates_check_responder(const struct crypt_provider *crypt, const struct certs_message *certs,
                                      const uint8_t tls_certificate_sha256[static 32], uint64_t now_s,
                                      struct peer_identity *out) {
    struct peer_identity found = {0};
    struct ed_cert signing, link;
    enum err e = check_identity(crypt, certs, now_s, &signing, &found);
    if (e)
        return e;
    const struct expectation expected = {LINK_CERT_ED_TLS_LINK, ED_CERT_TLS_LINK, ED_CERT_KEY_SHA256_X509,
                                         signing.key};
    if ((e = check_ed(crypt, certs, &expected, now_s, &link)) != ERR_OK)
        return e;
    if (memcmp(link.key, tls_certificate_sha256, 32) != 0)
        return ERR_IDENTITY;
    *out = found;
    return ERR_OK;
}

enum err certificates_check_initiator(const struct crypt_provider *crypt, const struct certs_message *certs,
                                      uint64_t now_s, struct peer_identity *out) {
    struct peer_identity found = {0};
    struct ed_cert signing, authenticate;
    enum err e = check_identity(crypt, certs, now_s, &signing, &found);
    if (e)
        return e;
    const struct expectation expected = {LINK_CERT_ED_AUTHENTICATE, ED_CERT_AUTHENTICATE, ED_CERT_KEY_ED25519,
                                         signing.key};
    if ((e = check_ed(crypt, certs, &expected, now_s, &authenticate)) != ERR_OK)
        return e;
    memcpy(found.authenticate_key, authenticate.key, 32);
    found.has_authenticate_key = true;
    *out = found;
    return ERR_OK;
}

size_t certificates_make_ed(const struct crypt_provider *crypt, const struct ed_cert *cert,
                            const uint8_t signer_seed[static 32], uint8_t out[static ED_CERT_LEN_MAX]) {
    struct bytes_out writer = bytes_out(out, ED_CERT_LEN_MAX);
    ed_cert_encode_unsigned(&writer, cert);
    size_t signed_length = bytes_written(&writer);
    uint8_t *signature = bytes_reserve(&writer, ED25519_SIGNATURE_LEN);
    CHECK(bytes_out_ok(&writer));
    crypt->ed25519_sign(signer_seed, span_of(out, signed_length), signature);
    return bytes_written(&writer);
}

void certificates_cross_digest(const struct crypt_provider *crypt, const uint8_t ed_id[static 32],
                               uint32_t expires_hours, uint8_t out[static SHA256_LEN]) {
    uint8_t expires[4];
    store_u32(expires, expires_hours);
    const struct span parts[] = {span_of(cross_prefix, sizeof(cross_prefix) - 1), span_of(ed_id, 32),
                                 span_of(expires, sizeof(expires))};
    crypt->sha256(parts, 3, out);
}
