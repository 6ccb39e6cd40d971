/* What a peer presents, wrong in each single way, as seen by both sides of the link and over both providers. */
#include "crypt/certificates.h"

#include <openssl/evp.h>

#include "crypt/symbolic.h"
#include "native/openssl_keys.h"
#include "native/openssl_provider.h"
#include "support/test.h"

#define NOW_S     UINT64_C(1800000000) /* a whole hour */
#define NOW_HOURS ((uint32_t)(NOW_S / 3600))
#define DAY_S     86400u

static struct symbolic symbolic;

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

/* RSA keys of either provider: [0] the peer's, [1] somebody else's, [2] too large (OpenSSL only). */
enum rsa_key { MINE, OTHERS, LARGE, RSA_KEYS };
static EVP_PKEY *openssl_keys[RSA_KEYS];
static const char *const symbolic_keys[RSA_KEYS] = {"peer's key", "other key", "large key"};

static bool is_symbolic(const struct crypt_provider *crypt) {
    return crypt->context == &symbolic;
}

static size_t rsa_sign(const struct crypt_provider *crypt, enum rsa_key key, struct span digest,
                       uint8_t *out) {
    if (!is_symbolic(crypt))
        return rsa_key_sign_raw(openssl_keys[key], digest, out);
    symbolic_rsa_sign_raw(span_of(symbolic_keys[key], strlen(symbolic_keys[key])), digest, out);
    return SYMBOLIC_RSA_SIGNATURE_LEN;
}

static void ed_public(const struct crypt_provider *crypt, const uint8_t *seed, uint8_t *out) {
    is_symbolic(crypt) ? symbolic_ed25519_public(seed, out) : ed25519_public_of_seed(seed, out);
}

/* What the peer is going to sign; each case changes one thing. */
struct plan {
    uint64_t not_before_s, not_after_s;
    enum rsa_key rsa, cross_signer;
    struct ed_cert signing, link, authenticate;
    struct rsa_ed_cross_cert cross;
    uint8_t identity_seed[32], signing_seed[32]; /* who signs what they should sign */
    uint8_t link_signer[32], authenticate_signer[32];
    enum link_cert_type left_out, flipped; /* 0: none */
};

struct presented {
    uint8_t bytes[LINK_CERT_TYPES][X509_DER_MAX];
    struct certs_message certs;
};

static const uint8_t tls_digest[32] = {0x77};

static void ed_cert_fill(struct ed_cert *cert, uint8_t type, uint8_t key_type) {
    *cert = (struct ed_cert){.type = type, .key_type = key_type, .expires_hours = NOW_HOURS + 24};
}

static void plan_good(const struct crypt_provider *crypt, struct plan *plan) {
    *plan = (struct plan){.not_before_s = NOW_S - DAY_S, .not_after_s = NOW_S + DAY_S};
    memset(plan->identity_seed, 1, 32);
    memset(plan->signing_seed, 2, 32);
    memset(plan->link_signer, 2, 32);
    memset(plan->authenticate_signer, 2, 32);
    ed_cert_fill(&plan->signing, ED_CERT_SIGNING, ED_CERT_KEY_ED25519);
    ed_cert_fill(&plan->link, ED_CERT_TLS_LINK, ED_CERT_KEY_SHA256_X509);
    ed_cert_fill(&plan->authenticate, ED_CERT_AUTHENTICATE, ED_CERT_KEY_ED25519);
    plan->signing.has_signer = true;
    ed_public(crypt, plan->identity_seed, plan->signing.signer);
    ed_public(crypt, plan->signing_seed, plan->signing.key);
    memcpy(plan->link.key, tls_digest, 32);
    memset(plan->authenticate.key, 3, 32);
    memcpy(plan->cross.ed_id, plan->signing.signer, 32);
    plan->cross.expires_hours = NOW_HOURS + 24;
}

static size_t make_x509(const struct crypt_provider *crypt, const struct plan *plan, uint8_t *out) {
    const char *name = symbolic_keys[plan->rsa];
    if (is_symbolic(crypt))
        return symbolic_x509_make(span_of(name, strlen(name)), plan->not_before_s, plan->not_after_s, out);
    EVP_PKEY *key = openssl_keys[plan->rsa];
    const struct x509_request request = {
        key, key, "www.a.com", "www.a.com", plan->not_before_s, plan->not_after_s};
    return x509_make(&request, out);
}

static size_t make_cross(const struct crypt_provider *crypt, const struct plan *plan, uint8_t *out) {
    struct rsa_ed_cross_cert cross = plan->cross;
    uint8_t digest[SHA256_LEN], signature[RSA_SIGNATURE_MAX];
    certificates_cross_digest(crypt, cross.ed_id, cross.expires_hours, digest);
    cross.signature = span_of(signature, rsa_sign(crypt, plan->cross_signer, span_of(digest, 32), signature));
    struct bytes_out writer = bytes_out(out, X509_DER_MAX);
    rsa_ed_cross_cert_encode(&writer, &cross);
    return bytes_written(&writer);
}

static void present(const struct crypt_provider *crypt, const struct plan *plan, struct presented *out) {
    size_t lengths[LINK_CERT_TYPES] = {0};
    lengths[2] = make_x509(crypt, plan, out->bytes[2]);
    lengths[4] = certificates_make_ed(crypt, &plan->signing, plan->identity_seed, out->bytes[4]);
    lengths[5] = certificates_make_ed(crypt, &plan->link, plan->link_signer, out->bytes[5]);
    lengths[6] = certificates_make_ed(crypt, &plan->authenticate, plan->authenticate_signer, out->bytes[6]);
    lengths[7] = make_cross(crypt, plan, out->bytes[7]);
    if (plan->flipped)
        out->bytes[plan->flipped][lengths[plan->flipped] - 1] ^= 1; /* in each, the signature ends it */
    lengths[plan->left_out] = 0;
    for (unsigned i = 0; i < LINK_CERT_TYPES; i++)
        out->certs.by_type[i] = span_of(out->bytes[i], lengths[i]);
}

enum fault {
    NONE,
    LAST_HOUR,
    NO_X509,
    NO_SIGNING,
    NO_LINK,
    NO_AUTHENTICATE,
    NO_CROSS,
    X509_FUTURE,
    X509_PAST,
    X509_FLIPPED,
    X509_LARGE,
    X509_OTHER,
    SIGNING_TYPE,
    SIGNING_KEY_TYPE,
    SIGNING_EXPIRED,
    SIGNING_FLIPPED,
    SIGNING_NO_SIGNER,
    SIGNING_OTHER_SIGNER,
    LINK_TYPE,
    LINK_KEY_TYPE,
    LINK_EXPIRED,
    LINK_FLIPPED,
    LINK_NAMES_SIGNER,
    LINK_NAMES_OTHER,
    LINK_OTHER_SIGNER,
    LINK_OTHER_TLS,
    AUTHENTICATE_TYPE,
    AUTHENTICATE_KEY_TYPE,
    AUTHENTICATE_EXPIRED,
    AUTHENTICATE_FLIPPED,
    AUTHENTICATE_OTHER_SIGNER,
    CROSS_EXPIRED,
    CROSS_FLIPPED,
    CROSS_OTHER_ID,
    CROSS_OTHER_SIGNER,
};

static void spoil_identity(struct plan *plan, enum fault fault) {
    switch ((int)fault) {
    case LAST_HOUR: plan->signing.expires_hours = plan->cross.expires_hours = NOW_HOURS; break;
    case X509_FUTURE: plan->not_before_s = NOW_S + 1; break;
    case X509_PAST: plan->not_after_s = NOW_S - 1; break;
    case X509_FLIPPED: plan->flipped = LINK_CERT_RSA_IDENTITY; break;
    case X509_LARGE: plan->rsa = LARGE; break;
    case X509_OTHER: plan->rsa = OTHERS; break;
    case SIGNING_TYPE: plan->signing.type = ED_CERT_TLS_LINK; break;
    case SIGNING_KEY_TYPE: plan->signing.key_type = ED_CERT_KEY_SHA256_X509; break;
    case SIGNING_EXPIRED: plan->signing.expires_hours = NOW_HOURS - 1; break;
    case SIGNING_FLIPPED: plan->flipped = LINK_CERT_ED_SIGNING; break;
    case SIGNING_NO_SIGNER: plan->signing.has_signer = false; break;
    case SIGNING_OTHER_SIGNER: plan->identity_seed[0]++; break;
    case CROSS_EXPIRED: plan->cross.expires_hours = NOW_HOURS - 1; break;
    case CROSS_FLIPPED: plan->flipped = LINK_CERT_RSA_ED_CROSS; break;
    case CROSS_OTHER_ID: plan->cross.ed_id[0]++; break;
    case CROSS_OTHER_SIGNER: plan->cross_signer = OTHERS; break;
    default: break;
    }
}

static void spoil_rest(struct plan *plan, enum fault fault) {
    switch ((int)fault) {
    case NO_X509: plan->left_out = LINK_CERT_RSA_IDENTITY; break;
    case NO_SIGNING: plan->left_out = LINK_CERT_ED_SIGNING; break;
    case NO_LINK: plan->left_out = LINK_CERT_ED_TLS_LINK; break;
    case NO_AUTHENTICATE: plan->left_out = LINK_CERT_ED_AUTHENTICATE; break;
    case NO_CROSS: plan->left_out = LINK_CERT_RSA_ED_CROSS; break;
    case LINK_TYPE: plan->link.type = ED_CERT_AUTHENTICATE; break;
    case LINK_KEY_TYPE: plan->link.key_type = ED_CERT_KEY_ED25519; break;
    case LINK_EXPIRED: plan->link.expires_hours = NOW_HOURS - 1; break;
    case LINK_FLIPPED: plan->flipped = LINK_CERT_ED_TLS_LINK; break;
    case LINK_NAMES_SIGNER:
    case LINK_NAMES_OTHER:
        plan->link.has_signer = true;
        memcpy(plan->link.signer, plan->signing.key, 32);
        plan->link.signer[0] ^= fault == LINK_NAMES_OTHER;
        break;
    case LINK_OTHER_SIGNER: plan->link_signer[0]++; break;
    case LINK_OTHER_TLS: plan->link.key[0]++; break;
    case AUTHENTICATE_TYPE: plan->authenticate.type = ED_CERT_TLS_LINK; break;
    case AUTHENTICATE_KEY_TYPE: plan->authenticate.key_type = ED_CERT_KEY_SHA256_X509; break;
    case AUTHENTICATE_EXPIRED: plan->authenticate.expires_hours = NOW_HOURS - 1; break;
    case AUTHENTICATE_FLIPPED: plan->flipped = LINK_CERT_ED_AUTHENTICATE; break;
    case AUTHENTICATE_OTHER_SIGNER: plan->authenticate_signer[0]++; break;
    default: break;
    }
}

struct fault_case {
    enum fault fault;
    enum err as_responder, as_initiator;
};
static const struct fault_case fault_cases[] = {
    {NONE, ERR_OK, ERR_OK},
    {LAST_HOUR, ERR_OK, ERR_OK},
    {NO_X509, ERR_PROTOCOL, ERR_PROTOCOL},
    {NO_SIGNING, ERR_PROTOCOL, ERR_PROTOCOL},
    {NO_LINK, ERR_PROTOCOL, ERR_OK},
    {NO_AUTHENTICATE, ERR_OK, ERR_PROTOCOL},
    {NO_CROSS, ERR_PROTOCOL, ERR_PROTOCOL},
    {X509_FUTURE, ERR_EXPIRED, ERR_EXPIRED},
    {X509_PAST, ERR_EXPIRED, ERR_EXPIRED},
    {X509_FLIPPED, ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE},
    {X509_LARGE, ERR_MALFORMED, ERR_MALFORMED},
    {X509_OTHER, ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE},
    {SIGNING_TYPE, ERR_PROTOCOL, ERR_PROTOCOL},
    {SIGNING_KEY_TYPE, ERR_PROTOCOL, ERR_PROTOCOL},
    {SIGNING_EXPIRED, ERR_EXPIRED, ERR_EXPIRED},
    {SIGNING_FLIPPED, ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE},
    {SIGNING_NO_SIGNER, ERR_PROTOCOL, ERR_PROTOCOL},
    {SIGNING_OTHER_SIGNER, ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE},
    {LINK_TYPE, ERR_PROTOCOL, ERR_OK},
    {LINK_KEY_TYPE, ERR_PROTOCOL, ERR_OK},
    {LINK_EXPIRED, ERR_EXPIRED, ERR_OK},
    {LINK_FLIPPED, ERR_BAD_SIGNATURE, ERR_OK},
    {LINK_NAMES_SIGNER, ERR_OK, ERR_OK},
    {LINK_NAMES_OTHER, ERR_IDENTITY, ERR_OK},
    {LINK_OTHER_SIGNER, ERR_BAD_SIGNATURE, ERR_OK},
    {LINK_OTHER_TLS, ERR_IDENTITY, ERR_OK},
    {AUTHENTICATE_TYPE, ERR_OK, ERR_PROTOCOL},
    {AUTHENTICATE_KEY_TYPE, ERR_OK, ERR_PROTOCOL},
    {AUTHENTICATE_EXPIRED, ERR_OK, ERR_EXPIRED},
    {AUTHENTICATE_FLIPPED, ERR_OK, ERR_BAD_SIGNATURE},
    {AUTHENTICATE_OTHER_SIGNER, ERR_OK, ERR_BAD_SIGNATURE},
    {CROSS_EXPIRED, ERR_EXPIRED, ERR_EXPIRED},
    {CROSS_FLIPPED, ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE},
    {CROSS_OTHER_ID, ERR_IDENTITY, ERR_IDENTITY},
    {CROSS_OTHER_SIGNER, ERR_BAD_SIGNATURE, ERR_BAD_SIGNATURE},
};

static void expect(const struct fault_case *expected, const char *side, enum err found, enum err wanted) {
    if (found != wanted)
        fail_msg("fault %d as %s: %s, not %s", (int)expected->fault, side, err_text(found), err_text(wanted));
}

static void test_each_fault(void **state) {
    static const struct peer_identity nobody;
    const struct crypt_provider *crypt = *state;
    static struct presented presented;
    for (size_t i = 0; i < COUNT(fault_cases); i++) {
        const struct fault_case *expected = &fault_cases[i];
        struct plan plan;
        struct peer_identity peer = {0};
        if (expected->fault == X509_LARGE && is_symbolic(crypt))
            continue;
        plan_good(crypt, &plan);
        spoil_identity(&plan, expected->fault);
        spoil_rest(&plan, expected->fault);
        present(crypt, &plan, &presented);
        enum err e = certificates_check_responder(crypt, &presented.certs, tls_digest, NOW_S, &peer);
        expect(expected, "responder", e, expected->as_responder);
        if (e != ERR_OK)
            assert_memory_equal(&peer, &nobody, sizeof(peer));
        memset(&peer, 0, sizeof(peer));
        e = certificates_check_initiator(crypt, &presented.certs, NOW_S, &peer);
        expect(expected, "initiator", e, expected->as_initiator);
        if (e != ERR_OK)
            assert_memory_equal(&peer, &nobody, sizeof(peer));
    }
}

static void test_who_it_is(void **state) {
    const struct crypt_provider *crypt = *state;
    static struct presented presented;
    struct plan plan;
    struct peer_identity responder, initiator;
    uint8_t key[RSA_PUBLIC_DER_MAX], expected[SHA256_LEN];
    size_t length = strlen(symbolic_keys[MINE]);
    plan_good(crypt, &plan);
    present(crypt, &plan, &presented);
    assert_int_equal(certificates_check_responder(crypt, &presented.certs, tls_digest, NOW_S, &responder),
                     ERR_OK);
    assert_int_equal(certificates_check_initiator(crypt, &presented.certs, NOW_S, &initiator), ERR_OK);
    if (is_symbolic(crypt))
        memcpy(key, symbolic_keys[MINE], length);
    else
        length = rsa_key_public_der(openssl_keys[MINE], key);
    const struct span part = span_of(key, length);
    crypt->sha1(&part, 1, expected);
    assert_memory_equal(responder.rsa_id, expected, 20);
    crypt->sha256(&part, 1, expected);
    assert_memory_equal(responder.rsa_sha256, expected, 32);
    assert_memory_equal(responder.ed_id, plan.signing.signer, 32);
    assert_false(responder.has_authenticate_key);
    assert_memory_equal(initiator.ed_id, responder.ed_id, 32);
    assert_true(initiator.has_authenticate_key);
    assert_memory_equal(initiator.authenticate_key, plan.authenticate.key, 32);
}

/* Every certificate cut short anywhere is refused. */
static void test_truncation(void **state) {
    const struct crypt_provider *crypt = *state;
    static const enum link_cert_type types[] = {LINK_CERT_RSA_IDENTITY, LINK_CERT_ED_SIGNING,
                                                LINK_CERT_ED_TLS_LINK, LINK_CERT_RSA_ED_CROSS};
    static struct presented presented;
    struct plan plan;
    struct peer_identity peer;
    plan_good(crypt, &plan);
    present(crypt, &plan, &presented);
    for (size_t i = 0; i < COUNT(types); i++) {
        struct span *cut = &presented.certs.by_type[types[i]];
        size_t whole = cut->length;
        for (cut->length = 0; cut->length < whole; cut->length++)
            assert_int_not_equal(
                certificates_check_responder(crypt, &presented.certs, tls_digest, NOW_S, &peer), ERR_OK);
    }
    assert_int_equal(certificates_check_responder(crypt, &presented.certs, tls_digest, NOW_S, &peer), ERR_OK);
}

/* cert-spec 2.3, computed in Python with hashlib: Ed25519 identity 00..1f, expiry 500000 hours. */
static void test_cross_digest(void **state) {
    (void)state;
    uint8_t id[32], digest[SHA256_LEN], expected[SHA256_LEN];
    for (uint8_t i = 0; i < 32; i++)
        id[i] = i;
    certificates_cross_digest(openssl_provider(), id, 500000, digest);
    test_hex("786ce4da2d2c02f383286199e30ca2ee73dc9a7dc048b32e2fbdd2a7ef5657e2", expected, sizeof(expected));
    assert_memory_equal(digest, expected, sizeof(digest));
}

static int make_keys(void **state) {
    (void)state;
    for (unsigned i = 0; i < RSA_KEYS; i++)
        openssl_keys[i] = rsa_key_generate(i == LARGE ? 2048 : 1024);
    return 0;
}

static int free_keys(void **state) {
    (void)state;
    for (unsigned i = 0; i < RSA_KEYS; i++)
        EVP_PKEY_free(openssl_keys[i]);
    return 0;
}

#define OVER(test, provider) \
    { #test " over " #provider, test, NULL, NULL, provider }
#define ALL_OVER(provider) \
    OVER(test_each_fault, provider), OVER(test_who_it_is, provider), OVER(test_truncation, provider)

int main(void) {
    struct crypt_provider openssl_functions = *openssl_provider();
    struct crypt_provider *openssl = &openssl_functions;
    symbolic_provider(&symbolic, 7);
    struct crypt_provider *symbols = &symbolic.provider;
    const struct CMUnitTest tests[] = {ALL_OVER(openssl), ALL_OVER(symbols),
                                       cmocka_unit_test(test_cross_digest)};
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
