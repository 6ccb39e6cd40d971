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
    struct tls_identity *identity = tls_identity_new(now_s, CIPHER_ORDER_AES);
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
    struct tls_identity *identity = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES);
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

/* --- what two ends agree on ----------------------------------------------------------------------------------------- */

static void agree(SSL *client, SSL *server) {
    BIO *near, *far;
    assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < 10; i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
}

#define AES_ONLY  "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
#define CHACHA_13 "TLS_CHACHA20_POLY1305_SHA256"

/* Tor's client offers what ours does with AES first, and its server prefers the same. */
static void who_answers_decides_and_who_dials_offers_what_it_wants(void **state) {
    static const struct {
        enum cipher_order client, server;
        int version;
        const char *client_13; /* NULL: as the identity has it */
        bool offers_all;
        const char *expected;
    } cases[] = {
        {CIPHER_ORDER_AES, CIPHER_ORDER_AES, TLS1_3_VERSION, NULL, false, "TLS_AES_256_GCM_SHA384"},
        {CIPHER_ORDER_AES, CIPHER_ORDER_CHACHA, TLS1_3_VERSION, NULL, false, CHACHA_13},
        {CIPHER_ORDER_CHACHA, CIPHER_ORDER_AES, TLS1_3_VERSION, NULL, false, CHACHA_13},
        {CIPHER_ORDER_CHACHA, CIPHER_ORDER_CHACHA, TLS1_3_VERSION, NULL, false, CHACHA_13},
        {CIPHER_ORDER_AES, CIPHER_ORDER_CHACHA, TLS1_3_VERSION, AES_ONLY, false, "TLS_AES_128_GCM_SHA256"},
        {CIPHER_ORDER_CHACHA, CIPHER_ORDER_AES, TLS1_3_VERSION, NULL, true, "TLS_AES_256_GCM_SHA384"},
        {CIPHER_ORDER_AES, CIPHER_ORDER_AES, TLS1_2_VERSION, NULL, false, "ECDHE-RSA-AES256-GCM-SHA384"},
        {CIPHER_ORDER_AES, CIPHER_ORDER_CHACHA, TLS1_2_VERSION, NULL, false, "ECDHE-RSA-CHACHA20-POLY1305"},
        {CIPHER_ORDER_CHACHA, CIPHER_ORDER_AES, TLS1_2_VERSION, NULL, false, "ECDHE-RSA-CHACHA20-POLY1305"},
        {CIPHER_ORDER_CHACHA, CIPHER_ORDER_AES, TLS1_2_VERSION, NULL, true, "ECDHE-RSA-AES256-GCM-SHA384"},
    };
    struct tls_identity *identities[] = {
        [CIPHER_ORDER_AES] = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_AES),
        [CIPHER_ORDER_CHACHA] = tls_identity_new((uint64_t)time(NULL), CIPHER_ORDER_CHACHA)};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        SSL *client = SSL_new(identities[cases[i].client]->client);
        SSL *server = SSL_new(identities[cases[i].server]->server);
        assert_int_equal(SSL_set_max_proto_version(client, cases[i].version), 1);
        if (cases[i].client_13)
            assert_int_equal(SSL_set_ciphersuites(client, cases[i].client_13), 1);
        if (cases[i].offers_all)
            tls_identity_offer_all(client);
        agree(client, server);
        assert_true(SSL_is_init_finished(client) && SSL_is_init_finished(server));
        assert_string_equal(SSL_get_cipher_name(server), cases[i].expected);
        SSL_free(client);
        SSL_free(server);
    }
    tls_identity_drop(identities[CIPHER_ORDER_AES]);
    tls_identity_drop(identities[CIPHER_ORDER_CHACHA]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_certificate_as_tor_does),
        cmocka_unit_test(is_freed_with_its_last_reference),
        cmocka_unit_test(host_names_vary),
        cmocka_unit_test(who_answers_decides_and_who_dials_offers_what_it_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
