#include "files/settings.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

static struct settings *parse(const char *text) {
    struct mistake m = {""};
    struct settings *settings = settings_parse("a.yaml", text, strlen(text), &m);
    if (!settings)
        fail_msg("%s", m.text);
    return settings;
}

static void a_tree_with_lines(void **state) {
    (void)state;
    struct settings *settings = parse("# comment\n"
                                      "name: first\n"
                                      "relays:\n"
                                      "  - {weight: 3, country: DE}\n"
                                      "  - weight: 4\n"
                                      "    country: \"US\"\n"
                                      "deep:\n"
                                      "  deeper:\n"
                                      "    on: true\n");
    const struct setting *root = settings_root(settings);
    struct mistake m;
    const struct setting *relays, *deep, *deeper;
    const char *text;
    uint64_t weight;
    bool on;
    assert_true(setting_text(root, "name", &text, &m));
    assert_string_equal(text, "first");
    assert_true(setting_list(root, "relays", &relays, &m));
    assert_int_equal(relays->line, 3);
    const struct setting *second = relays->first->next;
    assert_null(second->next);
    assert_int_equal(second->line, 5);
    assert_true(setting_u64(second, "weight", 0, 4, &weight, &m));
    assert_int_equal(weight, 4);
    assert_true(setting_text(second, "country", &text, &m));
    assert_string_equal(text, "US");
    assert_true(setting_map(root, "deep", &deep, &m));
    assert_true(setting_map(deep, "deeper", &deeper, &m));
    assert_true(setting_bool(deeper, "on", &on, &m));
    assert_true(on);
    assert_null(setting_find(root, "nothing"));
    assert_null(setting_find(relays, "weight"));

    assert_false(setting_mistake(setting_find(second, "country"), &m, "expected another"));
    assert_string_equal(m.text, "a.yaml:6: relays[1].country: expected another");
    settings_free(settings);
}

static void what_is_not_taken(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"", "a.yaml:1: expected keys and values, found nothing"},
        {"# nothing\n", "a.yaml:1: expected keys and values, found nothing"},
        {"text\n", "a.yaml:1: expected keys and values at the outermost level"},
        {"- 1\n", "a.yaml:1: expected keys and values at the outermost level"},
        {"a: 1\nb: 2\na: 3\n", "a.yaml:3: a: expected each key once"},
        {"a: &x 1\nb: *x\n", "a.yaml:1: a: expected no anchor and no tag"},
        {"a: *x\n", "a.yaml:1: a: expected no alias"},
        {"a: !!int 1\n", "a.yaml:1: a: expected no anchor and no tag"},
        {"a: &x {b: 1}\n", "a.yaml:1: a: expected no anchor and no tag"},
        {"a: 1\n---\nb: 1\n", "a.yaml:2: expected one document"},
        {"? {a: 1}\n: 2\n", "a.yaml:1: expected a key"},
        {"a: \"x\\0y\"\n", "a.yaml:1: a: expected text without NUL"},
        {"a: 1\nb: {c: 1\n", "a.yaml:3: expected YAML: did not find expected ',' or '}'"},
        {"a: 1\n\tb: 2\n", "a.yaml:2: expected YAML: found a tab character that violates indentation"},
        {"a: \xff\n", "a.yaml: expected YAML: invalid leading UTF-8 octet"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mistake m = {""};
        assert_null(settings_parse("a.yaml", cases[i].text, strlen(cases[i].text), &m));
        assert_string_equal(m.text, cases[i].mistake);
    }
}

static void bounds(void **state) {
    (void)state;
    struct mistake m;
    assert_null(settings_parse("a.yaml", "", SETTINGS_BYTES_MAX + 1, &m));
    assert_string_equal(m.text, "a.yaml: expected at most 8388608 bytes");

    char deep[4 * SETTINGS_DEPTH_MAX] = "a: ";
    memset(deep + 3, '[', SETTINGS_DEPTH_MAX);
    assert_null(settings_parse("a.yaml", deep, strlen(deep), &m));
    assert_string_equal(m.text, "a.yaml:1: expected fewer levels");

    char *many = calloc(SETTINGS_KEYS_MAX + 1, 8);
    assert_non_null(many);
    size_t length = 0;
    for (unsigned i = 0; i < SETTINGS_KEYS_MAX; i++)
        length += (size_t)snprintf(many + length, 9, "%u:\n", i);
    struct settings *settings = parse(many);
    settings_free(settings);
    length += (size_t)snprintf(many + length, 8, "x:\n");
    assert_null(settings_parse("a.yaml", many, length, &m));
    assert_string_equal(m.text, "a.yaml:1025: x: expected fewer keys in one map");
    free(many);
}

static void values_of_another_form(void **state) {
    (void)state;
    struct settings *settings =
        parse("n: 12\nneg: -1\nbig: 18446744073709551616\nmost: 18446744073709551615\n"
              "none:\nword: yes\nmap: {a: 1}\nlist: [1]\nhex: 0x10\nfloat: 1.5\n");
    const struct setting *root = settings_root(settings);
    struct mistake m;
    uint64_t n;
    bool is_on;
    const char *text;
    const struct setting *child;
    static const struct {
        const char *key, *mistake;
    } numbers[] = {
        {"neg", "a.yaml:2: neg: expected a whole number from 0 to 11, found \"-1\""},
        {"big", "a.yaml:3: big: expected a whole number from 0 to 11, found \"18446744073709551616\""},
        {"n", "a.yaml:1: n: expected a whole number from 0 to 11, found \"12\""},
        {"none", "a.yaml:5: none: expected a whole number from 0 to 11, found \"\""},
        {"map", "a.yaml:7: map: expected a whole number from 0 to 11"},
        {"list", "a.yaml:8: list: expected a whole number from 0 to 11"},
        {"hex", "a.yaml:9: hex: expected a whole number from 0 to 11, found \"0x10\""},
        {"float", "a.yaml:10: float: expected a whole number from 0 to 11, found \"1.5\""},
        {"gone", "a.yaml:1: expected a key \"gone\" with a whole number from 0 to 11"},
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_false(setting_u64(root, numbers[i].key, 0, 11, &n, &m));
        assert_string_equal(m.text, numbers[i].mistake);
    }
    assert_true(setting_u64(root, "n", 12, 12, &n, &m));
    assert_true(setting_u64(root, "most", 0, UINT64_MAX, &n, &m));
    assert_true(n == UINT64_MAX);
    assert_false(setting_u64(root, "n", 13, 14, &n, &m));

    assert_false(setting_bool(root, "word", &is_on, &m));
    assert_string_equal(m.text, "a.yaml:6: word: expected false or true, found \"yes\"");
    assert_false(setting_text(root, "none", &text, &m));
    assert_string_equal(m.text, "a.yaml:5: none: expected text, found nothing");
    assert_false(setting_map(root, "list", &child, &m));
    assert_string_equal(m.text, "a.yaml:8: list: expected keys and values below it");
    assert_false(setting_list(root, "map", &child, &m));
    assert_string_equal(m.text, "a.yaml:7: map: expected a list");
    settings_free(settings);
}

static void fractions(void **state) {
    (void)state;
    struct settings *settings = parse(
        "a: 0\nb: 1\nc: 0.25\nd: 0.5\ne: 1.00\nf: 0.255\ng: 1.01\nh: 2\ni: .5\nj: 0.x\nk: 01\nl: 0,5\n");
    const struct setting *root = settings_root(settings);
    static const struct {
        const char *key;
        uint64_t percent;
    } good[] = {{"a", 0}, {"b", 100}, {"c", 25}, {"d", 50}, {"e", 100}};
    static const char *const bad[] = {"f", "g", "h", "i", "j", "k", "l", "m"};
    struct mistake m;
    uint64_t percent;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(setting_fraction(root, good[i].key, &percent, &m));
        assert_int_equal(percent, good[i].percent);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(setting_fraction(root, bad[i], &percent, &m));
    assert_false(setting_fraction(root, "g", &percent, &m));
    assert_string_equal(m.text,
                        "a.yaml:7: g: expected a number from 0 to 1 with at most two digits behind the "
                        "point, found \"1.01\"");
    settings_free(settings);
}

static void names(void **state) {
    (void)state;
    static const char *const ciphers[] = {"aes", "chacha", "none"};
    struct settings *settings = parse("a: chacha\nb: des\nc: {good: 1, bad: 2}\n");
    const struct setting *root = settings_root(settings);
    struct mistake m;
    size_t which;
    assert_true(setting_choice(root, "a", ciphers, COUNT(ciphers), &which, &m));
    assert_int_equal(which, 1);
    assert_false(setting_choice(root, "b", ciphers, COUNT(ciphers), &which, &m));
    assert_string_equal(m.text, "a.yaml:2: b: expected aes, chacha or none, found \"des\"");
    static const char *const keys[] = {"a", "b", "c"}, *const good[] = {"good"};
    assert_true(setting_only(root, keys, COUNT(keys), &m));
    assert_false(setting_only(setting_find(root, "c"), good, COUNT(good), &m));
    assert_string_equal(m.text, "a.yaml:3: c.bad: no such key: expected good");
    settings_free(settings);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_with_lines),
        cmocka_unit_test(what_is_not_taken),
        cmocka_unit_test(bounds),
        cmocka_unit_test(values_of_another_form),
        cmocka_unit_test(fractions),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
