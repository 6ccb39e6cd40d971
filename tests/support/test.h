/* test - cmocka with the headers that it wants before it, and helpers that every test may use. */
#ifndef LOOM_SUPPORT_TEST_H
#define LOOM_SUPPORT_TEST_H

/* The order is cmocka's. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdbool.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Exit status that CTest counts as skipped, for a program that misses something it needs. */
#define TEST_SKIPPED 77

static inline uint8_t test_nibble(char c) {
    return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Turn hexadecimal digits into bytes; spaces are passed over. Return how many bytes there were. */
static inline size_t test_hex(const char *hex, uint8_t *out, size_t max) {
    size_t n = 0;
    while (*hex != '\0') {
        if (*hex == ' ' || *hex == '\n') {
            hex++;
            continue;
        }
        assert_true(n < max);
        assert_true(hex[1] != '\0');
        out[n++] = (uint8_t)(test_nibble(hex[0]) << 4 | test_nibble(hex[1]));
        hex += 2;
    }
    return n;
}

#endif
