#include "native/complaint.h"

#include "support/test.h"

static void stays_one_printable_line(void **state) {
    (void)state;
    struct complaint c;
    assert_false(complain(&c, "%s: %d", "a\nb\033", 7));
    assert_string_equal(c.text, "a?b?: 7");
    complaint_prefix(&c, "%s:%u: ", "torrc", 3u);
    assert_string_equal(c.text, "torrc:3: a?b?: 7");
}

static void is_cut_when_too_long(void **state) {
    (void)state;
    struct complaint c;
    assert_false(complain(&c, "%2000d", 1));
    assert_int_equal(strlen(c.text), COMPLAINT_MAX - 1);
    complaint_prefix(&c, "x");
    assert_int_equal(strlen(c.text), COMPLAINT_MAX - 1);
    assert_int_equal(c.text[0], 'x');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_one_printable_line),
        cmocka_unit_test(is_cut_when_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
