#include "network/decimal.h"

#include "support/test.h"
#include "wire/text.h"

static void numbers_are_scaled(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t factor, expected;
    } cases[] = {
        {"0", 1000, 0},
        {"1", 1000, 1000},
        {"1.0", UINT64_C(1) << 40, UINT64_C(1) << 40},
        {"0.5", 7, 4}, /* 3.5 */
        {"0.49", 7, 3},
        {"12.", 10, 120},
        {".25", 8, 2},
        {"3.1333333333333333e-07", UINT64_C(1000000000000000000), 313333333333},
        {"2E3", 5, 10000},
        {"2e+3", 5, 10000},
        {"000000000000000000000000000001.5", 2, 3},
        {"1234567890123456789.25", 1, 1234567890123456780},
        {"0.00000000000000000000000000000000000000000000000000000000000001", 1000, 0},
        {"5e-4000", 1000, 0},
        {"0e4000", 1000, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decimal number;
        uint64_t value;
        assert_true(decimal_parse(span_of(cases[i].text), &number));
        assert_true(decimal_scale(number, cases[i].factor, UINT64_MAX, &value));
        assert_int_equal(value, cases[i].expected);
    }
}

static void numbers_divide(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint64_t factor, expected;
    } cases[] = {
        {"4", 1000, 250},
        {"3.1333333333333333e-07", 1000, 3191489361},
        {"1e3", 5000, 5},
        {"9e4000", 5000, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decimal number;
        uint64_t value;
        assert_true(decimal_parse(span_of(cases[i].text), &number));
        assert_true(decimal_divide(cases[i].factor, number, UINT64_MAX, &value));
        assert_int_equal(value, cases[i].expected);
    }
}

static void what_is_too_much_is_refused(void **state) {
    (void)state;
    struct decimal number;
    uint64_t value;
    assert_true(decimal_parse(span_of("1e30"), &number));
    assert_false(decimal_scale(number, 1, UINT64_MAX, &value));
    assert_true(decimal_parse(span_of("1e4000"), &number));
    assert_false(decimal_scale(number, 1, UINT64_MAX, &value));
    assert_true(decimal_parse(span_of("101"), &number));
    assert_false(decimal_scale(number, 1, 100, &value));
    assert_true(decimal_parse(span_of("1e-30"), &number));
    assert_false(decimal_divide(1, number, UINT64_MAX, &value));
    assert_true(decimal_parse(span_of("0.0"), &number));
    assert_false(decimal_divide(1, number, UINT64_MAX, &value));
}

static void other_text_is_no_number(void **state) {
    (void)state;
    static const char *const texts[] = {"",  ".",  "-1",    "+1",   "1e",  "1e+", "e5", "1.2.3",
                                        "x", "1x", "1e5.0", "0x10", "nan", "inf", " 1", "1e6000"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct decimal number;
        assert_false(decimal_parse(span_of(texts[i]), &number));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_scaled),
        cmocka_unit_test(numbers_divide),
        cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(other_text_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
