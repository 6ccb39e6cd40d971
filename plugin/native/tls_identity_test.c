#include "native/tls_identity.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

#include "support/test.h"

static void shows_a_certificate_as_tor_does(void **state) {
    uint64_t now_s = (uint64_t)time(NULL);
    unsigned char digest[32];
    char name[64];
    (void)state;
    struct tls_identity *identity = tls_identity_new(now_s);
    X509 *certificate = SSL_CTX_get0_certificate(identity->server);
    assert_int_equal(X509_get_version(certificate), X509_VERSION_3);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)), 2048);
    assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                          sizeof name) >= 16);
    assert_memory_equal(name, "www.", 4);
    assert_string_equal(name + strlen(name) - 4, ".net");
    assert_true(X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, name,
                                          sizeof name) >= 16);
    assert_string_equal(name + strlen(name) - 4, ".com");
    assert_true(X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0);
    assert_int_equal(X509_digest(certificate, EVP_sha256(), digest, NULL), 1);
    assert_memory_equal(digest, identity->certificate_sha256, 32);
    tls_identity_drop(identity);
}

static void is_freed_with_its_last_reference(void **state) {
    (void)state;
    struct tls_identity *identity = tls_identity_new((uint64_t)time(NULL));
    assert_ptr_equal(tls_identity_keep(identity), identity);
    tls_identity_drop(identity);
    assert_int_equal(atomic_load(&identity->references), 1);
    tls_identity_drop(identity);
    tls_identity_drop(NULL);
}

static void host_names_vary(void **state) {
    char before[TLS_HOST_NAME_MAX] = "", name[TLS_HOST_NAME_MAX];
    size_t shortest = 100, longest = 0;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        tls_random_host_name(name);
        size_t length = strlen(name);
        assert_memory_equal(name, "www.", 4);
        assert_string_equal(name + length - 4, ".com");
        assert_string_not_equal(name, before);
        memcpy(before, name, sizeof name);
        shortest = length < shortest ? length : shortest;
        longest = length > longest ? length : longest;
    }
    assert_int_equal(shortest, 4 + 4 + 4);
    assert_int_equal(longest, 4 + 25 + 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_certificate_as_tor_does),
        cmocka_unit_test(is_freed_with_its_last_reference),
        cmocka_unit_test(host_names_vary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
