#include "network/generated_torrc.h"

#include <stdlib.h>

#include "support/test.h"

/* Sorted by path, as in an archive that was read. */
static const char *const texts[][2] = {
    {"net/conf/age", "maxcircuitdirtiness 10 seconds # soon\nUseEntryGuards 0\n"},
    {"net/conf/loop", "\n%include ../../conf/loop\n"},
    {"net/hosts/a/torrc", "BandwidthBurst 4 MBytes\n"},
    {"net/hosts/a/torrc-defaults",
     "# a comment\n%include ../../conf/age\nBandwidthRate 1024000\nBandwidthBurst 1\nORPort 9001\n"},
    {"net/hosts/b/torrc", "%include ../../conf/loop\n"},
    {"net/hosts/c/torrc", "Log notice stdout\nBandwidthRate -5\n"},
    {"net/hosts/d/torrc", "%include ../../../../etc/passwd"},
    {"net/hosts/e/torrc", "%include ../../conf/none"},
    {"net/hosts/f/torrc", "UseEntryGuards perhaps"},
    {"net/hosts/g/torrc", "MaxCircuitDirtiness long"},
};
static struct text_file files[COUNT(texts)];
static const struct text_archive archive = {files, COUNT(files)};

static int make_archive(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++)
        files[i] = (struct text_file){strdup(texts[i][0]), strdup(texts[i][1]), strlen(texts[i][1])};
    return 0;
}

static int free_archive(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        free(files[i].path);
        free(files[i].bytes);
    }
    return 0;
}

static void options_come_from_all_files(void **state) {
    (void)state;
    struct generated_torrc torrc;
    struct mistake m = {""};
    if (!generated_torrc_read("t", &archive, "net/hosts/a", &torrc, &m))
        fail_msg("%s", m.text);
    assert_int_equal(torrc.rate, 1024000);
    assert_int_equal(torrc.burst, 4 << 20);
    assert_int_equal(torrc.circuit_age_max, 10 * NSEC_PER_S);
    assert_false(torrc.uses_guards);
}

static void who_says_nothing_is_as_tor_is(void **state) {
    (void)state;
    struct generated_torrc torrc;
    struct mistake m = {""};
    assert_true(generated_torrc_read("t", &archive, "net/hosts/nobody", &torrc, &m));
    assert_int_equal(torrc.rate, 0);
    assert_true(torrc.uses_guards);
    assert_int_equal(torrc.circuit_age_max, 600 * NSEC_PER_S);
}

static void mistakes_have_places(void **state) {
    (void)state;
    static const struct {
        const char *folder, *mistake;
    } cases[] = {
        {"net/hosts/b", "t: net/conf/loop:2: %include: expected fewer of them, and no cycle"},
        {"net/hosts/c", "t: net/hosts/c/torrc:2: BandwidthRate: expected bytes above 0"},
        {"net/hosts/d", "t: net/hosts/d/torrc:1: %include: expected a path that stays in the archive"},
        {"net/hosts/e", "t: net/hosts/e/torrc:1: %include: expected a file that is in the archive"},
        {"net/hosts/f", "t: net/hosts/f/torrc:1: UseEntryGuards: expected 0 or 1"},
        {"net/hosts/g", "t: net/hosts/g/torrc:1: MaxCircuitDirtiness: expected a time, as \"10 seconds\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct generated_torrc torrc;
        struct mistake m = {""};
        assert_false(generated_torrc_read("t", &archive, cases[i].folder, &torrc, &m));
        assert_string_equal(m.text, cases[i].mistake);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_come_from_all_files),
        cmocka_unit_test(who_says_nothing_is_as_tor_is),
        cmocka_unit_test(mistakes_have_places),
    };
    return cmocka_run_group_tests(tests, make_archive, free_archive);
}
