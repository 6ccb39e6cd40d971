/* Keys that the relay makes: RSA round trips, certificates as tor's, and Ed25519 signatures from a bare scalar. */
#include "native/openssl_keys.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "crypt/provider.h"
#include "native/openssl_provider.h"
#include "support/test.h"

#define NOW_S  1800000000u
#define DAY_S  86400u
#define YEAR_S (365u * DAY_S)

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

static void test_raw_signature(void **state) {
    (void)state;
    EVP_PKEY *key = rsa_key_generate(RSA_IDENTITY_BITS);
    uint8_t der[RSA_PUBLIC_DER_MAX], signature[RSA_SIGNATURE_MAX], digest[SHA256_LEN] = {1, 2, 3};
    const struct span public = span_of(der, rsa_key_public_der(key, der));
    for (size_t length = SHA1_LEN; length <= SHA256_LEN; length += SHA256_LEN - SHA1_LEN) {
        const struct span signed_digest = span_of(digest, length);
        const struct span made = span_of(signature, rsa_key_sign_raw(key, signed_digest, signature));
        assert_int_equal(made.length, 128);
        assert_true(openssl_provider()->rsa_verify_raw(public, signed_digest, made));
        assert_false(openssl_provider()->rsa_verify_raw(public, span_of(digest, length - 1), made));
        assert_false(openssl_provider()->rsa_verify_raw(public, signed_digest, span_of(signature, 127)));
        assert_false(
            openssl_provider()->rsa_verify_raw(span_of(der, public.length - 1), signed_digest, made));
        assert_false(
            openssl_provider()->rsa_verify_raw(span_of(der, public.length + 1), signed_digest, made));
        signature[100] ^= 1;
        assert_false(openssl_provider()->rsa_verify_raw(public, signed_digest, made));
    }
    EVP_PKEY_free(key);
}

static void test_pem_round_trip(void **state) {
    (void)state;
    EVP_PKEY *key = rsa_key_generate(RSA_IDENTITY_BITS);
    char pem[RSA_PEM_MAX], public_pem[RSA_PEM_MAX];
    size_t length = rsa_key_private_pem(key, pem);
    assert_int_equal(strlen(pem), length);
    assert_memory_equal(pem, "-----BEGIN RSA PRIVATE KEY-----\n", 32);
    EVP_PKEY *again = rsa_key_from_pem(span_of(pem, length));
    assert_non_null(again);
    assert_int_equal(EVP_PKEY_eq(key, again), 1);
    size_t public_length = rsa_key_public_pem(key, public_pem);
    assert_int_equal(strlen(public_pem), public_length);
    assert_memory_equal(public_pem, "-----BEGIN RSA PUBLIC KEY-----\n", 31);
    assert_null(rsa_key_from_pem(span_of(pem, length / 2)));
    assert_null(rsa_key_from_pem(span_of(public_pem, public_length)));
    assert_null(rsa_key_from_pem(span_of(pem, 0)));
    EVP_PKEY_free(again);
    EVP_PKEY_free(key);
}

/* tor opens an encrypted key by asking for its passphrase; we have nobody to ask. */
static void test_encrypted_pem_is_refused(void **state) {
    (void)state;
    static const char pem[] = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
                              "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                              "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END RSA PRIVATE KEY-----\n";
    assert_null(rsa_key_from_pem(span_of(pem, sizeof(pem) - 1)));
}

static void test_windows(void **state) {
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        uint64_t not_before, not_after;
        uint64_t lifetime = i % 2 ? YEAR_S : 5 * DAY_S;
        x509_window(NOW_S, lifetime, &not_before, &not_after);
        assert_int_equal(not_before % DAY_S, 0);
        assert_int_equal(not_after - not_before, lifetime);
        assert_true(not_before <= NOW_S);
        assert_true(not_after >= NOW_S + DAY_S);
    }
}

static void test_hostnames(void **state) {
    (void)state;
    char name[X509_HOSTNAME_MAX];
    bool lengths[21] = {false};
    for (unsigned i = 0; i < 500; i++) {
        x509_hostname(i % 2 ? ".net" : ".com", name);
        assert_memory_equal(name, "www.", 4);
        size_t letters = strspn(name + 4, "abcdefghijklmnopqrstuvwxyz234567");
        assert_in_range(letters, 8, 20);
        assert_string_equal(name + 4 + letters, i % 2 ? ".net" : ".com");
        lengths[letters] = true;
    }
    assert_true(lengths[8] && lengths[20]);
}

/* The identity key signs the TLS certificate, under another name. */
static void test_tls_certificate(void **state) {
    (void)state;
    EVP_PKEY *identity = rsa_key_generate(RSA_IDENTITY_BITS), *tls = rsa_key_generate(RSA_TLS_BITS);
    uint8_t der[X509_DER_MAX];
    const struct x509_request request = {tls,         identity,      "www.b.net",
                                         "www.a.com", NOW_S - DAY_S, NOW_S + DAY_S};
    size_t length = x509_make(&request, der);
    const uint8_t *next = der;
    X509 *certificate = d2i_X509(NULL, &next, (long)length);
    assert_non_null(certificate);
    assert_int_equal(X509_verify(certificate, identity), 1);
    assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
    char name[64];
    assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, 64) > 0);
    assert_string_equal(name, "www.b.net");
    X509_free(certificate);
    EVP_PKEY_free(tls);
    EVP_PKEY_free(identity);
}

/* OpenSSL's own Ed25519 key has the scalar SHA512(seed)[0..32] (RFC 8032, 5.1.5): signing with that scalar must give the
 * public key that OpenSSL gives, sign of x included, and OpenSSL must accept the signature. */
static void test_scalar_signature_is_ed25519(void **state) {
    (void)state;
    bool signs[2] = {false, false};
    for (uint8_t i = 0; i < 40; i++) {
        uint8_t seed[32], expanded[64], expected[32], public[32], signature[64], sign_bit;
        uint8_t message[40];
        memset(seed, i, sizeof(seed));
        memset(message, i + 1, sizeof(message));
        SHA512(seed, sizeof(seed), expanded);
        ed25519_public_of_seed(seed, expected);
        assert_true(
            ed25519_sign_with_x25519_secret(expanded, span_of(message, i), signature, public, &sign_bit));
        assert_memory_equal(public, expected, sizeof(public));
        assert_int_equal(sign_bit, public[31] >> 7);
        assert_true(openssl_provider()->ed25519_verify(expected, span_of(message, i), signature));
        message[0] ^= 1;
        assert_int_equal(openssl_provider()->ed25519_verify(expected, span_of(message, i), signature),
                         i == 0);
        signs[sign_bit] = true;
    }
    assert_true(signs[0] && signs[1]);
}

/* Who checks the descriptor has only the ntor public key and the sign bit. */
static void test_public_conversion(void **state) {
    (void)state;
    static const uint8_t identity[32] = {9};
    uint8_t secret[32], x_public[32], from_public[32], public[32], signature[64], sign_bit;
    for (unsigned i = 0; i < 20; i++) {
        openssl_provider()->x25519_keypair(NULL, secret, x_public);
        assert_true(
            ed25519_sign_with_x25519_secret(secret, span_of(identity, 32), signature, public, &sign_bit));
        ed25519_public_of_x25519(x_public, sign_bit, from_public);
        assert_memory_equal(from_public, public, sizeof(public));
    }
}

/* A repeated nonce would give the secret away. */
static void test_nonces_are_fresh(void **state) {
    (void)state;
    static const uint8_t secret[32] = {1};
    uint8_t public[32], first[64], second[64], sign_bit;
    assert_true(ed25519_sign_with_x25519_secret(secret, span_of("a", 1), first, public, &sign_bit));
    assert_true(ed25519_sign_with_x25519_secret(secret, span_of("a", 1), second, public, &sign_bit));
    assert_memory_not_equal(first, second, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw_signature),
        cmocka_unit_test(test_pem_round_trip),
        cmocka_unit_test(test_encrypted_pem_is_refused),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_hostnames),
        cmocka_unit_test(test_tls_certificate),
        cmocka_unit_test(test_scalar_signature_is_ed25519),
        cmocka_unit_test(test_public_conversion),
        cmocka_unit_test(test_nonces_are_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
