/* What is particular to the symbolic provider; what it has in common with OpenSSL is in provider_test.c. */
#include "crypt/symbolic.h"

#include "support/test.h"
#include "wire/relay_cell.h"

#define NOW_S 1800000000u

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

static void test_seed_decides(void **state) {
    (void)state;
    struct symbolic a, b, other;
    uint8_t from_a[40], from_b[40], from_other[40];
    const struct crypt_provider *crypt = symbolic_provider(&a, 7);
    crypt->random(crypt->context, from_a, sizeof(from_a));
    crypt = symbolic_provider(&b, 7);
    crypt->random(crypt->context, from_b, sizeof(from_b));
    crypt = symbolic_provider(&other, 8);
    crypt->random(crypt->context, from_other, sizeof(from_other));
    assert_memory_equal(from_a, from_b, sizeof(from_a));
    assert_memory_not_equal(from_a, from_other, sizeof(from_a));
}

/* Traces are compared between machines and versions: these values may only change together with them. */
static void test_values_stay(void **state) {
    (void)state;
    struct symbolic symbolic;
    uint8_t out[SHA256_LEN], expected[SHA256_LEN];
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 7);
    const struct span abc = span_of("abc, and a word more", 20);
    crypt->sha256(&abc, 1, out);
    test_hex("50b756d52ac06f205d208275e734d7ea49bcda3de2d604905a083a8568a69209", expected, sizeof(expected));
    assert_memory_equal(out, expected, sizeof(out));
    crypt->random(crypt->context, out, sizeof(out));
    symbolic_x25519_public(out, out);
    test_hex("5aa948510b3dfaaf4b68981ff140f5d32af9d79e48acfaa3a1c466c14f7f0597", expected, sizeof(expected));
    assert_memory_equal(out, expected, sizeof(out));
}

/* A message and the same message with zeros after it are not the same. */
static void test_hash_sees_length(void **state) {
    (void)state;
    struct symbolic symbolic;
    static const uint8_t zeros[40];
    uint8_t out[41][SHA256_LEN];
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 7);
    for (size_t i = 0; i <= 40; i++) {
        const struct span part = span_of(zeros, i);
        crypt->sha256(&part, 1, out[i]);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(out[i], out[j], SHA256_LEN);
    }
}

static void test_signatures(void **state) {
    (void)state;
    struct symbolic symbolic;
    static const uint8_t seed[32] = {5};
    uint8_t public[32], signature[ED25519_SIGNATURE_LEN];
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 7);
    const struct span message = span_of("hello", 5);
    symbolic_ed25519_public(seed, public);
    crypt->ed25519_sign(seed, message, signature);
    assert_true(crypt->ed25519_verify(public, message, signature));
    assert_false(crypt->ed25519_verify(public, span_of("hellp", 5), signature));
    assert_false(crypt->ed25519_verify(seed, message, signature));
    signature[63] ^= 1;
    assert_false(crypt->ed25519_verify(public, message, signature));
}

static void test_rsa(void **state) {
    (void)state;
    struct symbolic symbolic;
    uint8_t signature[SYMBOLIC_RSA_SIGNATURE_LEN];
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 7);
    const struct span key = span_of("a key", 5), digest = span_of("a digest", 8);
    symbolic_rsa_sign_raw(key, digest, signature);
    assert_true(crypt->rsa_verify_raw(key, digest, span_of(signature, sizeof(signature))));
    assert_false(crypt->rsa_verify_raw(key, digest, span_of(signature, sizeof(signature) - 1)));
    assert_false(crypt->rsa_verify_raw(span_of("b key", 5), digest, span_of(signature, sizeof(signature))));
    assert_false(crypt->rsa_verify_raw(key, span_of("b digest", 8), span_of(signature, sizeof(signature))));
}

static void test_x509(void **state) {
    (void)state;
    struct symbolic symbolic;
    uint8_t certificate[SYMBOLIC_X509_LEN], key_found[160];
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 7);
    const struct span key = span_of("the RSA key of a simulated relay", 32);
    size_t length = symbolic_x509_make(key, NOW_S - 10, NOW_S + 10, certificate);
    size_t found = sizeof(key_found);
    assert_int_equal(crypt->x509_rsa_identity(span_of(certificate, length), NOW_S, key_found, &found),
                     ERR_OK);
    assert_int_equal(found, key.length);
    assert_memory_equal(key_found, key.data, found);
    found = sizeof(key_found);
    assert_int_equal(crypt->x509_rsa_identity(span_of(certificate, length), NOW_S + 11, key_found, &found),
                     ERR_EXPIRED);
    assert_int_equal(crypt->x509_rsa_identity(span_of(certificate, length), NOW_S - 11, key_found, &found),
                     ERR_EXPIRED);
    for (size_t cut = 0; cut < length; cut++)
        assert_int_equal(crypt->x509_rsa_identity(span_of(certificate, cut), NOW_S, key_found, &found),
                         ERR_MALFORMED);
    for (size_t i = 22; i < length; i++) {
        certificate[i] ^= 1;
        assert_int_equal(crypt->x509_rsa_identity(span_of(certificate, length), NOW_S, key_found, &found),
                         ERR_BAD_SIGNATURE);
        certificate[i] ^= 1;
    }
}

/* Keys are the same whether there was padding or as many random bytes. */
static void test_padding_is_zeros_and_uses_up_what_random_would(void **state) {
    (void)state;
    struct symbolic symbolic, other;
    const struct crypt_provider *crypt = symbolic_provider(&symbolic, 3);
    const struct crypt_provider *random = symbolic_provider(&other, 3);
    symbolic_pad_with_zeros(&symbolic);
    uint8_t out[509], zeros[509] = {0}, next[8], wanted[8];
    crypt->padding(crypt->context, out, sizeof out);
    assert_memory_equal(out, zeros, sizeof out);
    random->padding(random->context, out, sizeof out);
    assert_memory_not_equal(out, zeros, sizeof out);
    crypt->random(crypt->context, next, sizeof next);
    random->random(random->context, wanted, sizeof wanted);
    assert_memory_equal(next, wanted, sizeof next);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seed_decides),
        cmocka_unit_test(test_padding_is_zeros_and_uses_up_what_random_would),
        cmocka_unit_test(test_values_stay),
        cmocka_unit_test(test_hash_sees_length),
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_x509),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
