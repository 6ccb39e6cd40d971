/* test_bytes - messages as hexadecimal: what a decoder is given, what an encoder wrote, what must be refused. */
#ifndef LOOM_SUPPORT_TEST_BYTES_H
#define LOOM_SUPPORT_TEST_BYTES_H

#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/err.h"
#include "support/test.h"

#define TEST_BYTES_MAX 4096u

struct test_bytes {
    uint8_t data[TEST_BYTES_MAX];
};

/* The bytes that hex spells, kept in place. */
static inline struct span test_span(struct test_bytes *place, const char *hex) {
    size_t length = test_hex(hex, place->data, sizeof(place->data));
    return (struct span){place->data, length};
}

static inline struct bytes_out test_out(struct test_bytes *place) {
    return bytes_out(place->data, sizeof(place->data));
}

/* What an encoder wrote. */
static inline struct span test_written(const struct bytes_out *out) {
    assert_true(bytes_out_ok(out));
    return (struct span){out->start, bytes_written(out)};
}

static inline void assert_span_equal(struct span actual, struct span expected) {
    assert_int_equal(actual.length, expected.length);
    if (expected.length > 0)
        assert_memory_equal(actual.data, expected.data, expected.length);
}

static inline void assert_span_hex(struct span actual, const char *hex) {
    struct test_bytes place;
    assert_span_equal(actual, test_span(&place, hex));
}

/* The first length bytes in memory of exactly that size, so that a sanitizer sees a read past the end. */
static inline uint8_t *test_exact_copy(struct span bytes, size_t length) {
    uint8_t *copy = malloc(length + (length == 0));
    assert_non_null(copy);
    if (length > 0)
        memcpy(copy, bytes.data, length);
    return copy;
}

/* decode(span, type *) refuses each proper beginning of bytes that has at least length_min bytes. */
#define assert_beginnings_refused(decode, type, bytes, length_min)                 \
    do {                                                                           \
        for (size_t length_ = (length_min); length_ < (bytes).length; length_++) { \
            uint8_t *exact_ = test_exact_copy((bytes), length_);                   \
            type message_;                                                         \
            enum err e_ = decode((struct span){exact_, length_}, &message_);       \
            free(exact_);                                                          \
            assert_int_not_equal(e_, ERR_OK);                                      \
        }                                                                          \
    } while (0)

#endif
