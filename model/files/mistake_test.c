#include "files/mistake.h"

#include "support/test.h"

static void a_place_a_key_and_what_was_expected(void **state) {
    (void)state;
    struct mistake m;
    assert_false(mistake_at(&m, "a.yaml", 7, "prices.reads", "expected %d", 3));
    assert_string_equal(m.text, "a.yaml:7: prices.reads: expected 3");
    assert_false(mistake_at(&m, "a.yaml", 0, NULL, "no such file"));
    assert_string_equal(m.text, "a.yaml: no such file");
}

static void one_line_that_drives_no_terminal(void **state) {
    (void)state;
    struct mistake m;
    mistake_at(&m, "a", 1, "x\n\033[2J", "found \"%s\"", "\r\n\x7f");
    assert_string_equal(m.text, "a:1: x??[2J: found \"???\"");
}

static void a_long_line_is_cut(void **state) {
    (void)state;
    struct mistake m;
    char text[3 * MISTAKE_MAX];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    mistake_at(&m, "a", 1, text, "%s", text);
    assert_int_equal(strlen(m.text), MISTAKE_MAX - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_a_key_and_what_was_expected),
        cmocka_unit_test(one_line_that_drives_no_terminal),
        cmocka_unit_test(a_long_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
