#include "native/tls_records.h"

#include "support/test.h"

/* Each suite, sealed and opened by ours or by OpenSSL: they must agree. */
static const struct {
    const char *suite;
    enum tls_crypto seals, opens;
} suites[] = {
    {"TLS_AES_256_GCM_SHA384", TLS_CRYPTO_FASTEST, TLS_CRYPTO_FASTEST},
    {"TLS_AES_256_GCM_SHA384", TLS_CRYPTO_FASTEST, TLS_CRYPTO_OPENSSL},
    {"TLS_AES_256_GCM_SHA384", TLS_CRYPTO_OPENSSL, TLS_CRYPTO_FASTEST},
    {"TLS_AES_256_GCM_SHA384", TLS_CRYPTO_OPENSSL, TLS_CRYPTO_OPENSSL},
    {"TLS_AES_128_GCM_SHA256", TLS_CRYPTO_FASTEST, TLS_CRYPTO_FASTEST},
    {"TLS_AES_128_GCM_SHA256", TLS_CRYPTO_FASTEST, TLS_CRYPTO_OPENSSL},
    {"TLS_AES_128_GCM_SHA256", TLS_CRYPTO_OPENSSL, TLS_CRYPTO_FASTEST},
    {"TLS_CHACHA20_POLY1305_SHA256", TLS_CRYPTO_FASTEST, TLS_CRYPTO_OPENSSL},
};
static struct tls_records sealing, opening;
static uint8_t plain[TLS_INNER_MAX], record[TLS_PROTECTED_MAX], opened[TLS_INNER_MAX];

static void begin(unsigned s) {
    const struct tls_suite *suite = tls_suite_find(suites[s].suite);
    struct tls_secret secret = {.bytes = {7, 7, 7}, .length = suite->secret_length};
    assert_true(tls_records_init(&sealing, suite, &secret, true, suites[s].seals));
    assert_true(tls_records_init(&opening, suite, &secret, false, suites[s].opens));
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(i * 2654435761u >> 16);
}

static void end(void) {
    tls_records_fini(&sealing);
    tls_records_fini(&opening);
}

static void what_is_sealed_is_opened_at_any_length(void **state) {
    static const size_t lengths[] = {0, 1, 15, 16, 17, 31, 255, 514, 4112, 15934, 16383, 16384};
    (void)state;
    for (unsigned s = 0; s < COUNT(suites); s++) {
        begin(s);
        for (unsigned i = 0; i < COUNT(lengths); i++) {
            size_t length, expected = lengths[i];
            uint8_t type;
            assert_int_equal(tls_records_seal(&sealing, TLS_APPLICATION_DATA, plain, expected, record),
                             expected + TLS_OVERHEAD);
            assert_int_equal(record[0], 23);
            assert_true(tls_records_open(&opening, record, expected + TLS_OVERHEAD, opened, &length, &type));
            assert_int_equal(length, expected);
            assert_int_equal(type, TLS_APPLICATION_DATA);
            assert_memory_equal(opened, plain, expected);
        }
        end();
    }
}

static void both_may_be_done_in_place(void **state) {
    (void)state;
    for (unsigned s = 0; s < COUNT(suites); s++) {
        uint8_t other[TLS_PROTECTED_MAX], type;
        size_t length, total;
        begin(s);
        memcpy(record + TLS_HEADER_LEN, plain, 1000);
        total = tls_records_seal(&sealing, TLS_ALERT, record + TLS_HEADER_LEN, 1000, record);
        sealing.sequence = 0;
        assert_int_equal(tls_records_seal(&sealing, TLS_ALERT, plain, 1000, other), total);
        assert_memory_equal(record, other, total);
        assert_true(tls_records_open(&opening, record, total, record + TLS_HEADER_LEN, &length, &type));
        assert_int_equal(length, 1000);
        assert_int_equal(type, TLS_ALERT);
        assert_memory_equal(record + TLS_HEADER_LEN, plain, 1000);
        end();
    }
}

static void nothing_may_be_changed_repeated_or_left_out(void **state) {
    static const size_t places[] = {0, 1, 2, 3, 4, 5, 50, 104, 105, 106, 121}; /* type at 105, then the tag */
    (void)state;
    for (unsigned s = 0; s < COUNT(suites); s++) {
        size_t length, total;
        uint8_t type;
        begin(s);
        total = tls_records_seal(&sealing, TLS_APPLICATION_DATA, plain, 100, record);
        for (unsigned i = 0; i < COUNT(places); i++) {
            record[places[i]] ^= 1;
            assert_false(tls_records_open(&opening, record, total, opened, &length, &type));
            opening.sequence = 0;
            record[places[i]] ^= 1;
        }
        assert_true(tls_records_open(&opening, record, total, opened, &length, &type));
        assert_false(tls_records_open(&opening, record, total, opened, &length, &type));
        (void)tls_records_seal(&sealing, TLS_APPLICATION_DATA, plain, 100, record);
        total = tls_records_seal(&sealing, TLS_APPLICATION_DATA, plain, 100, record);
        opening.sequence = 1;
        assert_false(tls_records_open(&opening, record, total, opened, &length, &type));
        end();
    }
}

/* RFC 8446, 5.4: zeros behind the type. */
static void padding_is_taken_off(void **state) {
    uint8_t inner[300] = {1, 2, 3, TLS_APPLICATION_DATA}, type;
    size_t length, total;
    (void)state;
    begin(0);
    total = tls_records_seal(&sealing, (enum tls_content)0, inner, sizeof inner, record);
    assert_true(tls_records_open(&opening, record, total, opened, &length, &type));
    assert_int_equal(length, 3);
    assert_int_equal(type, TLS_APPLICATION_DATA);
    assert_memory_equal(opened, inner, 3);
    total = tls_records_seal(&sealing, (enum tls_content)0, inner + 4, sizeof inner - 4, record);
    assert_true(tls_records_open(&opening, record, total, opened, &length, &type));
    assert_int_equal(length, 0);
    assert_int_equal(type, 0);
    end();
}

static void updates_keep_both_sides_together(void **state) {
    (void)state;
    for (unsigned s = 0; s < COUNT(suites); s++) {
        size_t length, total;
        uint8_t type;
        begin(s);
        for (unsigned i = 0; i < 3; i++) {
            total = tls_records_seal(&sealing, TLS_HANDSHAKE, plain, 20, record);
            assert_true(tls_records_open(&opening, record, total, opened, &length, &type));
            tls_records_update(&sealing);
            tls_records_update(&opening);
        }
        tls_records_update(&sealing);
        total = tls_records_seal(&sealing, TLS_HANDSHAKE, plain, 20, record);
        assert_false(tls_records_open(&opening, record, total, opened, &length, &type));
        end();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_is_opened_at_any_length),
        cmocka_unit_test(both_may_be_done_in_place),
        cmocka_unit_test(nothing_may_be_changed_repeated_or_left_out),
        cmocka_unit_test(padding_is_taken_off),
        cmocka_unit_test(updates_keep_both_sides_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
