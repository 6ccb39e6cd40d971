#include "primitives/primitives_options.h"

#include <stdio.h>
#include <string.h>

#include "support/test.h"

static bool parse(const char *words, struct primitives_options *out, struct complaint *complaint) {
    static char copy[256];
    const char *argv[32] = {"loom-primitives"};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return primitives_options_parse(argc, argv, out, complaint);
}

static void without_options_all_is_measured(UNUSED void **state) {
    struct primitives_options o;
    struct complaint complaint;
    assert_true(parse("", &o, &complaint));
    assert_int_equal(o.milliseconds, 40000);
    assert_null(o.only);
    assert_int_equal(o.units, 0);
    assert_false(o.is_yardstick);
    assert_false(o.is_quiet);
}

static void options_say_what_they_say(UNUSED void **state) {
    struct primitives_options o;
    struct complaint complaint;
    assert_true(parse("--milliseconds 7 --batch-us 3 --only seal --units 9 --quiet --yardstick --every-ms 0",
                      &o, &complaint));
    assert_int_equal(o.milliseconds, 7);
    assert_int_equal(o.batch_us, 3);
    assert_int_equal(o.every_ms, 0);
    assert_int_equal(o.units, 9);
    assert_string_equal(o.only, "seal");
    assert_true(o.is_quiet);
    assert_true(o.is_yardstick);
}

static void mistakes_are_named(UNUSED void **state) {
    static const struct {
        const char *words, *complaint;
    } cases[] = {
        {"--onl x", "--onl: no such option; --help lists them"},
        {"--only", "--only: a value is missing"},
        {"--units 0", "--units 0: expected a number from 1 to 16777216"},
        {"--milliseconds", "--milliseconds: a value is missing"},
        {"--milliseconds 0", "--milliseconds 0: expected a number from 1 to 3600000"},
        {"--batch-us x", "--batch-us x: expected a number from 1 to 1000000"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct primitives_options o;
        struct complaint complaint;
        assert_false(parse(cases[i].words, &o, &complaint));
        assert_string_equal(complaint.text, cases[i].complaint);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_all_is_measured),
        cmocka_unit_test(options_say_what_they_say),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
