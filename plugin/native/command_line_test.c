#include "native/command_line.h"

#include <stdlib.h>

#include "support/test.h"

static void command_lines(void **state) {
    (void)state;
    static const struct {
        const char *words[6];
        enum command command;
        enum command_loudness loudness;
        uint32_t options;
    } cases[] = {
        {{"--quiet", "--version", "--quiet"}, COMMAND_VERSION, COMMAND_QUIET, 0},
        {{"--list-torrc-options", "--quiet"}, COMMAND_LIST_TORRC_OPTIONS, COMMAND_QUIET, 0},
        {{"--list-fingerprint", "--hush", "--orport", "1"}, COMMAND_LIST_FINGERPRINT, COMMAND_HUSH, 1},
        {{"--list-fingerprint", "ed25519"}, COMMAND_LIST_FINGERPRINT_ED25519, COMMAND_NORMAL, 0},
        {{"-f", "x", "Nickname", "n", "/Log"}, COMMAND_RUN, COMMAND_NORMAL, 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct command_line out;
        struct complaint complaint;
        char *argv[8] = {strdup("loom-relay")};
        int argc = 1;
        for (; argc <= 6 && cases[i].words[argc - 1]; argc++)
            argv[argc] = strdup(cases[i].words[argc - 1]);
        assert_true(command_line_parse(argc, argv, &out, &complaint));
        assert_int_equal(out.command, cases[i].command);
        assert_int_equal(out.loudness, cases[i].loudness);
        assert_int_equal(out.option_count, cases[i].options);
        while (argc > 0)
            free(argv[--argc]);
    }
}

static void what_is_missing_is_named(void **state) {
    (void)state;
    static const struct {
        const char *word;
        const char *line;
    } cases[] = {
        {"-f", "command line: -f: expected a file name behind it"},
        {"--Nickname", "command line: Nickname: expected a value behind it"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct command_line out;
        struct complaint complaint = {""};
        char *argv[] = {strdup("loom-relay"), strdup(cases[i].word)};
        assert_false(command_line_parse(2, argv, &out, &complaint));
        assert_string_equal(complaint.text, cases[i].line);
        free(argv[0]);
        free(argv[1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_lines),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
