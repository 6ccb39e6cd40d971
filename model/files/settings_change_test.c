#include "files/settings_change.h"

#include <stdio.h>

#include "support/test.h"

static const char TEXT[] = "name: first\n"
                           "seeds: {first: 1, last: 3}\n"
                           "arms:\n"
                           "  - {name: tor, percent: 0}\n"
                           "  - {name: loom, percent: 100}\n";

static struct settings *parse(void) {
    struct mistake m = {""};
    struct settings *settings = settings_parse("s.yaml", TEXT, strlen(TEXT), &m);
    if (!settings)
        fail_msg("%s", m.text);
    return settings;
}

static bool change(struct settings *settings, const char *word, struct mistake *m) {
    const struct settings_changes changes = {&word, 1};
    return settings_change(settings, &changes, m);
}

static void values_that_are_there(void **state) {
    (void)state;
    static const char *const words[] = {"seeds.last=9", "arms[1].percent=25", "name=a=b"};
    const struct settings_changes changes = {words, COUNT(words)};
    struct settings *settings = parse();
    const struct setting *root = settings_root(settings), *seeds, *arms;
    struct mistake m = {""};
    const char *text;
    uint64_t number;
    assert_true(settings_change(settings, &changes, &m));
    assert_true(setting_map(root, "seeds", &seeds, &m));
    assert_true(setting_u64(seeds, "first", 0, 9, &number, &m));
    assert_int_equal(number, 1);
    assert_true(setting_u64(seeds, "last", 0, 9, &number, &m));
    assert_int_equal(number, 9);
    assert_true(setting_list(root, "arms", &arms, &m));
    assert_true(setting_u64(arms->first->next, "percent", 0, 100, &number, &m));
    assert_int_equal(number, 25);
    assert_true(setting_u64(arms->first, "percent", 0, 100, &number, &m));
    assert_int_equal(number, 0);
    assert_true(setting_text(root, "name", &text, &m));
    assert_string_equal(text, "a=b");
    settings_free(settings);
}

static void values_that_were_left_out(void **state) {
    (void)state;
    struct settings *settings = parse();
    const struct setting *root = settings_root(settings), *outputs, *arms;
    struct mistake m = {""};
    uint64_t number;
    assert_true(change(settings, "outputs.sample_ms=50", &m));
    assert_true(change(settings, "outputs.series_ms=500", &m));
    assert_true(change(settings, "arms[0].threads=2", &m));
    assert_true(setting_map(root, "outputs", &outputs, &m));
    assert_true(setting_u64(outputs, "sample_ms", 1, 1000, &number, &m));
    assert_int_equal(number, 50);
    assert_true(setting_u64(outputs, "series_ms", 1, 1000, &number, &m));
    assert_int_equal(number, 500);
    assert_true(setting_list(root, "arms", &arms, &m));
    assert_true(setting_u64(arms->first, "threads", 0, 9, &number, &m));
    assert_int_equal(number, 2);
    settings_free(settings);
}

static void what_its_reader_finds_has_no_line(void **state) {
    (void)state;
    struct settings *settings = parse();
    const struct setting *arms;
    struct mistake m = {""};
    uint64_t number;
    assert_true(change(settings, "arms[1].percent=some", &m));
    assert_true(setting_list(settings_root(settings), "arms", &arms, &m));
    assert_false(setting_u64(arms->first->next, "percent", 0, 100, &number, &m));
    assert_string_equal(m.text,
                        "s.yaml: arms[1].percent: expected a whole number from 0 to 100, found \"some\"");
    settings_free(settings);
}

static void what_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *word, *expected;
    } cases[] = {
        {"name", "PATH=VALUE"},
        {"name=", "PATH=VALUE"},
        {"=1", "PATH=VALUE with a path of keys that the scenario may have"},
        {"name.x=1", "PATH=VALUE with a path of keys that the scenario may have"},
        {"seeds..last=1", "PATH=VALUE with a path of keys that the scenario may have"},
        {"name!=1", "PATH=VALUE"},
        {"seeds=1", "the path of a single value"},
        {"arms=1", "the path of a single value"},
        {"arms[1]=1", "the path of a single value"},
        {"arms[2].percent=1", "an item that is there"},
        {"arms[99999999].percent=1", "the number of an item in brackets"},
        {"arms[].percent=1", "the number of an item in brackets"},
        {"arms[1.percent=1", "the number of an item in brackets"},
        {"seeds[0]=1", "an item that is there"},
        {"others[0].x=1", "a list that is there"},
        {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y=1", "fewer levels"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct settings *settings = parse();
        struct mistake m = {""};
        char expected[256];
        assert_false(change(settings, cases[i].word, &m));
        snprintf(expected, sizeof(expected), "s.yaml: --set %s: expected %s", cases[i].word,
                 cases[i].expected);
        assert_string_equal(m.text, expected);
        settings_free(settings);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_are_there),
        cmocka_unit_test(values_that_were_left_out),
        cmocka_unit_test(what_its_reader_finds_has_no_line),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
