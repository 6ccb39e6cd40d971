#include "limit/limit_record.h"

#include <string.h>

#include "support/test.h"

static const char *const suites[] = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256",
                                     "TLS_CHACHA20_POLY1305_SHA256"};

struct two_ends {
    struct limit_cipher seals, opens;
};

static void make(struct two_ends *ends, const char *name, enum limit_aead seals, enum limit_aead opens) {
    const struct tls_suite *suite = tls_suite_find(name);
    assert_non_null(suite);
    struct tls_secret secret = {.length = suite->secret_length};
    memset(secret.bytes, 7, secret.length);
    limit_cipher_init(&ends->seals, suite, &secret, LIMIT_SEALS, seals);
    limit_cipher_init(&ends->opens, suite, &secret, LIMIT_OPENS, opens);
}

static void drop(struct two_ends *ends) {
    limit_cipher_fini(&ends->seals);
    limit_cipher_fini(&ends->opens);
}

static void what_is_sealed_opens_again(UNUSED void **state) {
    static uint8_t plain[LIMIT_PLAIN_MAX + 1], record[LIMIT_RECORD_MAX], opened[LIMIT_PLAIN_MAX + 1];
    static const size_t lengths[] = {1, 514, 15934, LIMIT_PLAIN_MAX};
    static const enum limit_aead aeads[] = {LIMIT_AEAD_OPENSSL, LIMIT_AEAD_OWN};
    for (size_t s = 0; s < 4 * COUNT(suites); s++) {
        struct two_ends ends;
        make(&ends, suites[s / 4], aeads[s % 2], aeads[s / 2 % 2]);
        for (size_t i = 0; i < COUNT(lengths); i++) {
            size_t length;
            memset(plain, (int)i + 1, lengths[i]);
            size_t sealed = limit_record_seal(&ends.seals, plain, lengths[i], record);
            assert_int_equal(sealed, lengths[i] + LIMIT_RECORD_ADDED);
            assert_int_equal(limit_record_length(record, sealed), sealed);
            assert_memory_not_equal(record + LIMIT_RECORD_HEADER_LEN, plain, 1);
            assert_true(limit_record_open(&ends.opens, record, sealed, opened, &length));
            assert_int_equal(length, lengths[i]);
            assert_memory_equal(opened, plain, length);
        }
        drop(&ends);
    }
}

static void changed_or_repeated(enum limit_aead aead) {
    struct two_ends ends;
    uint8_t plain[101] = {1}, record[LIMIT_RECORD_ADDED + 100], opened[101];
    size_t length;
    make(&ends, suites[0], LIMIT_AEAD_OPENSSL, aead);
    size_t sealed = limit_record_seal(&ends.seals, plain, 100, record);
    assert_true(limit_record_open(&ends.opens, record, sealed, opened, &length));
    assert_false(limit_record_open(&ends.opens, record, sealed, opened, &length));
    drop(&ends);

    make(&ends, suites[0], LIMIT_AEAD_OPENSSL, aead);
    sealed = limit_record_seal(&ends.seals, plain, 100, record);
    record[20] ^= 1;
    assert_false(limit_record_open(&ends.opens, record, sealed, opened, &length));
    drop(&ends);
}

static void a_changed_or_repeated_record_does_not_open(UNUSED void **state) {
    changed_or_repeated(LIMIT_AEAD_OPENSSL);
    changed_or_repeated(LIMIT_AEAD_OWN);
}

static void a_header_must_be_whole(UNUSED void **state) {
    static const uint8_t header[] = {23, 3, 3, 0, 100};
    assert_int_equal(limit_record_length(header, 4), 0);
    assert_int_equal(limit_record_length(header, 5), 105);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_again),
        cmocka_unit_test(a_changed_or_repeated_record_does_not_open),
        cmocka_unit_test(a_header_must_be_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
