#include "native/torrc_lexer.h"

#include <stdlib.h>

#include "support/test.h"

static void lexer_cuts_lines_as_tor(void **state) {
    (void)state;
    static const struct {
        const char *text, *name, *value;
        enum torrc_operation operation;
    } cases[] = {
        {"Nickname foo", "Nickname", "foo", TORRC_SET},
        {"  Nickname\tfoo  # bar\nX 1", "Nickname", "foo", TORRC_SET},
        {"# no\n\n#no\nA b", "A", "b", TORRC_SET},
        {"A b#c", "A", "b", TORRC_SET},
        {"A", "A", "", TORRC_SET},
        {"A#c", "A", "", TORRC_SET},
        {"A \r\nB 1", "A", "", TORRC_SET},
        {"A\r\nB 1", "A", "", TORRC_SET},
        {"A b\r\nB 1", "A", "b", TORRC_SET},
        {"A one\\\n two", "A", "one two", TORRC_SET},
        {"A one\\\n# in between\ntwo", "A", "onetwo", TORRC_SET},
        {"A\\\none", "A", "one", TORRC_SET},
        {"A \"x # y\" # z", "A", "x # y", TORRC_SET},
        {"A \"\\x41\\102\\n\\\"\\\\\"", "A", "AB\n\"\\", TORRC_SET},
        {"+A b", "A", "b", TORRC_APPEND},
        {"/A", "A", "", TORRC_CLEAR},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = strdup(cases[i].text);
        struct torrc_lexer lexer;
        struct torrc_line line;
        torrc_lexer_init(&lexer, text);
        assert_int_equal(torrc_lexer_next(&lexer, &line), TORRC_LINE);
        assert_string_equal(line.name, cases[i].name);
        assert_string_equal(line.value, cases[i].value);
        assert_int_equal(line.operation, cases[i].operation);
        free(text);
    }
}

static void lexer_counts_lines(void **state) {
    (void)state;
    char text[] = "A 1\\\n2\\\n3\n# c\nB\nC \"q\"\n\nD x";
    static const uint32_t lines[] = {1, 5, 6, 8};
    struct torrc_lexer lexer;
    struct torrc_line line;
    torrc_lexer_init(&lexer, text);
    for (size_t i = 0; i < COUNT(lines); i++) {
        assert_int_equal(torrc_lexer_next(&lexer, &line), TORRC_LINE);
        assert_int_equal(line.line, lines[i]);
    }
    assert_int_equal(torrc_lexer_next(&lexer, &line), TORRC_END);
}

static void bad_quotes_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum torrc_token token;
    } cases[] = {
        {"A \"", TORRC_BAD_QUOTE},        {"A \"b", TORRC_BAD_QUOTE},     {"A \"b\nc\"", TORRC_BAD_QUOTE},
        {"A \"\\q\"", TORRC_BAD_QUOTE},   {"A \"\\x\"", TORRC_BAD_QUOTE}, {"A \"\\x00\"", TORRC_BAD_QUOTE},
        {"A \"\\777\"", TORRC_BAD_QUOTE}, {"A \"b\\", TORRC_BAD_QUOTE},   {"A \"b\" c", TORRC_AFTER_QUOTE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = strdup(cases[i].text);
        struct torrc_lexer lexer;
        struct torrc_line line;
        torrc_lexer_init(&lexer, text);
        assert_int_equal(torrc_lexer_next(&lexer, &line), cases[i].token);
        assert_string_equal(line.name, "A");
        assert_true(strlen(torrc_token_text(cases[i].token)) > 0);
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lexer_cuts_lines_as_tor),
        cmocka_unit_test(lexer_counts_lines),
        cmocka_unit_test(bad_quotes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
