#include "native/small_document.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"
#include "wire/text.h"

static void expect_same(struct span text, bool is_packed) {
    struct document *document = small_document_new(text);
    uint8_t *back = malloc(text.length + 1);
    assert_non_null(document);
    assert_non_null(back);
    assert_int_equal(document_text_length(document), text.length);
    assert_true(is_packed == (document->text_length > 0));
    assert_true(document->length <= text.length);
    small_document_read(document, back);
    assert_memory_equal(back, text.data ? text.data : back, text.length);
    free(back);
    document_drop(document);
}

static void what_was_kept_comes_back(void **state) {
    (void)state;
    static const char familiar[] =
        "onion-key\n-----BEGIN RSA PUBLIC KEY-----\nMIGJAoGBAJJWG21nl8CW08o5VpObT+HAL9MZOwDvrSsYqOtNtiaF3Og8NP0o9+Tu\n"
        "-----END RSA PUBLIC KEY-----\nntor-onion-key frNPjLqwjDu5JGZGNSt+hw9XZM1tRQ7VtAYcVssCRlc\nid ed25519 ";
    expect_same(span_of(familiar), true);
}

static void what_gains_nothing_stays_as_it_is(void **state) {
    (void)state;
    uint32_t random = 1;
    uint8_t noise[300];
    for (size_t i = 0; i < sizeof noise; i++) {
        random = random * 1664525 + 1013904223;
        noise[i] = (uint8_t)(random >> 24);
    }
    expect_same((struct span){noise, sizeof noise}, false);
    expect_same((struct span){noise, 1}, false);
    expect_same((struct span){NULL, 0}, false);
}

static void a_long_text_stays_as_it_is(void **state) {
    (void)state;
    uint8_t *text = calloc(1, SMALL_DOCUMENT_MAX + 1);
    assert_non_null(text);
    expect_same((struct span){text, SMALL_DOCUMENT_MAX}, true);
    expect_same((struct span){text, SMALL_DOCUMENT_MAX + 1}, false);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_comes_back),
        cmocka_unit_test(what_gains_nothing_stays_as_it_is),
        cmocka_unit_test(a_long_text_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
