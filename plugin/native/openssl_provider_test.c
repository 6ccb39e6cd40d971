/* Primitives against published vectors, and X509 identities that are wrong in each single way. */
#include "native/openssl_provider.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypt/provider.h"
#include "native/openssl_keys.h"
#include "support/test.h"

#define NOW_S  1800000000u /* 2027 */
#define YEAR_S (365u * 86400u)

static void assert_hex(const uint8_t *bytes, const char *hex) {
    uint8_t expected[64];
    size_t length = test_hex(hex, expected, sizeof(expected));
    assert_memory_equal(bytes, expected, length);
}

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

/* FIPS 180-2, appendices A and B: "abc". */
static void test_hashes(void **state) {
    (void)state;
    uint8_t out[SHA256_LEN];
    const struct span abc = span_of("abc", 3);
    openssl_provider()->sha1(&abc, 1, out);
    assert_hex(out, "a9993e364706816aba3e25717850c26c9cd0d89d");
    openssl_provider()->sha256(&abc, 1, out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, cases 2 and 6: a short key, and one longer than a block. */
static void test_hmac(void **state) {
    (void)state;
    uint8_t out[SHA256_LEN], long_key[131];
    const struct span question = span_of("what do ya want for nothing?", 28);
    openssl_provider()->hmac_sha256(span_of("Jefe", 4), &question, 1, out);
    assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    const struct span title = span_of("Test Using Larger Than Block-Size Key - Hash Key First", 54);
    memset(long_key, 0xaa, sizeof(long_key));
    openssl_provider()->hmac_sha256(span_of(long_key, sizeof(long_key)), &title, 1, out);
    assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 7748, section 5.2, first vector. */
static void test_x25519(void **state) {
    (void)state;
    uint8_t scalar[32], u[32], out[32];
    test_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", scalar, 32);
    test_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", u, 32);
    assert_true(openssl_provider()->x25519(scalar, u, out));
    assert_hex(out, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

/* RFC 8032, section 7.1, test 2. */
static void test_ed25519(void **state) {
    (void)state;
    uint8_t seed[32], public[32], signature[64];
    const struct span message = span_of("\x72", 1);
    test_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", seed, 32);
    ed25519_public_of_seed(seed, public);
    assert_hex(public, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    openssl_provider()->ed25519_sign(seed, message, signature);
    assert_hex(signature, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    assert_true(openssl_provider()->ed25519_verify(public, message, signature));
    for (unsigned i = 0; i < sizeof(signature); i++) {
        signature[i] ^= 1;
        assert_false(openssl_provider()->ed25519_verify(public, message, signature));
        signature[i] ^= 1;
    }
}

enum fault {
    NONE,
    BITS_2048,
    EXPONENT_3,
    NOT_RSA,
    FUTURE,
    PAST,
    OTHER_SIGNER,
    FLIPPED,
    TRAILING,
    SHORT,
    EMPTY,
    TEXT
};
struct x509_case {
    enum fault fault;
    enum err expected;
};
static const struct x509_case x509_cases[] = {
    {NONE, ERR_OK},
    {BITS_2048, ERR_MALFORMED},
    {EXPONENT_3, ERR_MALFORMED},
    {NOT_RSA, ERR_MALFORMED},
    {FUTURE, ERR_EXPIRED},
    {PAST, ERR_EXPIRED},
    {OTHER_SIGNER, ERR_BAD_SIGNATURE},
    {FLIPPED, ERR_BAD_SIGNATURE},
    {TRAILING, ERR_MALFORMED},
    {SHORT, ERR_MALFORMED},
    {EMPTY, ERR_MALFORMED},
    {TEXT, ERR_MALFORMED},
};

static EVP_PKEY *rsa_key_with_exponent_3(void) {
    EVP_PKEY *key = NULL;
    BIGNUM *three = BN_new();
    EVP_PKEY_CTX *making = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_true(BN_set_word(three, 3));
    assert_int_equal(EVP_PKEY_keygen_init(making), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(making, 1024), 1);
    assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(making, three), 1);
    assert_int_equal(EVP_PKEY_keygen(making, &key), 1);
    EVP_PKEY_CTX_free(making);
    BN_free(three);
    return key;
}

static EVP_PKEY *subject_of(enum fault fault) {
    if (fault == EXPONENT_3)
        return rsa_key_with_exponent_3();
    if (fault == NOT_RSA)
        return EVP_EC_gen("P-256");
    return rsa_key_generate(fault == BITS_2048 ? 2048 : 1024);
}

static size_t x509_with(enum fault fault, EVP_PKEY *key, uint8_t out[static X509_DER_MAX]) {
    EVP_PKEY *other = rsa_key_generate(1024);
    struct x509_request request = {key, key, "www.a.com", "www.a.com", NOW_S - YEAR_S, NOW_S + YEAR_S};
    if (fault == FUTURE)
        request.not_before_s = NOW_S + 1;
    if (fault == PAST)
        request.not_after_s = NOW_S - 1;
    if (fault == OTHER_SIGNER)
        request.issuer_key = other;
    size_t length = x509_make(&request, out);
    EVP_PKEY_free(other);
    switch (fault) {
    case FLIPPED: out[length - 1] ^= 1; return length;
    case TRAILING: out[length] = 0; return length + 1;
    case SHORT: return length - 1;
    case EMPTY: return 0;
    case TEXT: memset(out, 'x', length); return length;
    case NONE:
    case BITS_2048:
    case EXPONENT_3:
    case NOT_RSA:
    case FUTURE:
    case PAST:
    case OTHER_SIGNER: return length;
    }
    return 0;
}

static void test_x509_identity(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(x509_cases); i++) {
        uint8_t der[X509_DER_MAX], key_der[RSA_PUBLIC_DER_MAX], found[160];
        size_t found_length = sizeof(found);
        EVP_PKEY *key = subject_of(x509_cases[i].fault);
        size_t length = x509_with(x509_cases[i].fault, key, der);
        enum err e = openssl_provider()->x509_rsa_identity(span_of(der, length), NOW_S, found, &found_length);
        assert_int_equal(e, x509_cases[i].expected);
        if (e == ERR_OK) {
            assert_int_equal(found_length, 140);
            assert_int_equal(rsa_key_public_der(key, key_der), found_length);
            assert_memory_equal(found, key_der, found_length);
        }
        EVP_PKEY_free(key);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes),  cmocka_unit_test(test_hmac),          cmocka_unit_test(test_x25519),
        cmocka_unit_test(test_ed25519), cmocka_unit_test(test_x509_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
