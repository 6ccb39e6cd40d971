#include "native/tls_keys.h"

#include "support/test.h"

static void only_our_suites_are_found(void **state) {
    (void)state;
    assert_int_equal(tls_suite_find("TLS_AES_128_GCM_SHA256")->key_length, 16);
    assert_int_equal(tls_suite_find("TLS_AES_256_GCM_SHA384")->secret_length, 48);
    assert_non_null(tls_suite_find("TLS_CHACHA20_POLY1305_SHA256"));
    assert_null(tls_suite_find("TLS_AES_128_CCM_SHA256"));
    assert_null(tls_suite_find("ECDHE-RSA-AES256-GCM-SHA384"));
}

/* RFC 8448, section 3. */
static void keys_are_those_of_the_trace(void **state) {
    static const struct {
        const char *secret, *key, *iv;
    } traces[] = {
        {"a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
         "9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984"},
        {"9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
         "17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9"},
    };
    (void)state;
    for (unsigned i = 0; i < COUNT(traces); i++) {
        struct tls_secret secret = {.length = 32};
        uint8_t key[TLS_KEY_MAX], iv[TLS_IV_LEN], expected[TLS_KEY_MAX];
        test_hex(traces[i].secret, secret.bytes, sizeof secret.bytes);
        tls_traffic_keys(tls_suite_find("TLS_AES_128_GCM_SHA256"), &secret, key, iv);
        test_hex(traces[i].key, expected, sizeof expected);
        assert_memory_equal(key, expected, 16);
        test_hex(traces[i].iv, expected, sizeof expected);
        assert_memory_equal(iv, expected, TLS_IV_LEN);
    }
}

static void an_update_changes_all_keys(void **state) {
    const struct tls_suite *suite = tls_suite_find("TLS_AES_256_GCM_SHA384");
    struct tls_secret secret = {.bytes = {1}, .length = 48}, next = secret;
    uint8_t key[2][TLS_KEY_MAX], iv[2][TLS_IV_LEN];
    (void)state;
    tls_next_secret(suite, &next);
    assert_int_equal(next.length, 48);
    tls_traffic_keys(suite, &secret, key[0], iv[0]);
    tls_traffic_keys(suite, &next, key[1], iv[1]);
    assert_memory_not_equal(next.bytes, secret.bytes, 48);
    assert_memory_not_equal(key[0], key[1], TLS_KEY_MAX);
    assert_memory_not_equal(iv[0], iv[1], TLS_IV_LEN);
}

#define LOG_RANDOM "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void secrets_are_taken_from_the_log(void **state) {
    struct tls_secrets secrets = {.client.length = 0};
    (void)state;
    tls_secrets_note(&secrets, "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM " 0aFf");
    tls_secrets_note(&secrets, "SERVER_TRAFFIC_SECRET_0 " LOG_RANDOM " " LOG_RANDOM);
    tls_secrets_note(&secrets, "EXPORTER_SECRET " LOG_RANDOM " 010203");
    assert_int_equal(secrets.client.length, 2);
    assert_int_equal(secrets.client.bytes[0], 0x0a);
    assert_int_equal(secrets.client.bytes[1], 0xff);
    assert_int_equal(secrets.server.length, 32);
    assert_int_equal(secrets.exporter.length, 3);
}

static void other_lines_change_nothing(void **state) {
    static const char *const lines[] = {
        "",
        "CLIENT_RANDOM " LOG_RANDOM " 01",
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET " LOG_RANDOM " 01",
        "CLIENT_TRAFFIC_SECRET_0",
        "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM,
        "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM " ",
        "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM " 012",
        "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM " 01 02",
        "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM " 0g",
        "CLIENT_TRAFFIC_SECRET_0 " LOG_RANDOM " " LOG_RANDOM LOG_RANDOM, /* longer than any hash */
        "CLIENT_TRAFFIC_SECRET_00 " LOG_RANDOM " 01",
    };
    const struct tls_secrets nothing = {.client.length = 0};
    struct tls_secrets secrets = nothing;
    (void)state;
    for (unsigned i = 0; i < COUNT(lines); i++) {
        tls_secrets_note(&secrets, lines[i]);
        assert_memory_equal(&secrets, &nothing, sizeof secrets);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_our_suites_are_found),  cmocka_unit_test(keys_are_those_of_the_trace),
        cmocka_unit_test(an_update_changes_all_keys), cmocka_unit_test(secrets_are_taken_from_the_log),
        cmocka_unit_test(other_lines_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
