#include "load/load_arguments.h"

#include "support/test.h"
#include "wire/address.h"

struct values {
    uint32_t number, choice;
    uint8_t hex[2];
    struct endpoint endpoint;
    char text[5];
};

#define AT(field) offsetof(struct values, field)

static const char *const words[] = {"one", "two", "three", NULL};
static const struct load_argument arguments[] = {
    {"number", LOAD_ARGUMENT_NUMBER, AT(number), 3, 9, true, NULL},
    {"hex", LOAD_ARGUMENT_HEX, AT(hex), 2, 2, false, NULL},
    {"at", LOAD_ARGUMENT_ENDPOINT, AT(endpoint), 0, 0, false, NULL},
    {"choice", LOAD_ARGUMENT_CHOICE, AT(choice), 0, 0, false, words},
    {"text", LOAD_ARGUMENT_TEXT, AT(text), 1, 4, false, NULL},
};

#define PARSE(out, help, complaint, ...)                                                    \
    load_arguments_parse((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)) + 1, \
                         (const char *[]){"program", __VA_ARGS__}, arguments,               \
                         sizeof arguments / sizeof arguments[0], out, help, complaint)

static void each_kind_is_read(UNUSED void **state) {
    struct values v = {.choice = 77};
    struct complaint complaint;
    bool help = true;
    assert_true(PARSE(&v, &help, &complaint, "--number", "9", "--hex", "0Af1", "--at", "127.0.0.1:80",
                      "--text", "abcd"));
    assert_false(help);
    assert_int_equal(v.number, 9);
    assert_int_equal(v.hex[0], 0x0a);
    assert_int_equal(v.hex[1], 0xf1);
    assert_int_equal(v.endpoint.port, 80);
    assert_string_equal(v.text, "abcd");
    assert_int_equal(v.choice, 77); /* what is not given stays */
    assert_true(PARSE(&v, &help, &complaint, "--number", "3", "--choice", "three"));
    assert_int_equal(v.choice, 3);
}

static void mistakes_say_what_was_expected(UNUSED void **state) {
    static const struct {
        const char *name, *text, *complaint;
    } mistakes[] = {
        {"--number", "10", "--number 10: expected a number from 3 to 9"},
        {"--number", "-4", "--number -4: expected a number from 3 to 9"},
        {"--number", "4 ", "--number 4 : expected a number from 3 to 9"},
        {"--hex", "0a", "--hex 0a: expected 4 hexadecimal digits"},
        {"--hex", "0a0g", "--hex 0a0g: expected 4 hexadecimal digits"},
        {"--at", "here", "--at here: expected ADDRESS:PORT"},
        {"--choice", "four", "--choice four: expected one, two or three"},
        {"--text", "abcde", "--text abcde: expected 1 to 4 characters"},
        {"--other", "4", "--other: no such option; --help lists them"},
        {"number", "4", "number: no such option; --help lists them"},
        {"--text", "a", "--number is missing"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        struct values v;
        struct complaint complaint;
        bool help;
        assert_false(PARSE(&v, &help, &complaint, mistakes[i].name, mistakes[i].text));
        assert_string_equal(complaint.text, mistakes[i].complaint);
    }
}

static void who_asks_for_help_needs_nothing_else(UNUSED void **state) {
    struct values v;
    struct complaint complaint;
    bool help;
    assert_true(PARSE(&v, &help, &complaint, "--help"));
    assert_true(help);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_read),
        cmocka_unit_test(mistakes_say_what_was_expected),
        cmocka_unit_test(who_asks_for_help_needs_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
