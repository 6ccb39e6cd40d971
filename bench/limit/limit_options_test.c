#include "limit/limit_options.h"

#include <string.h>

#include "support/test.h"

static bool parse(const char *words, struct limit_options *out, struct complaint *complaint) {
    static char copy[256];
    const char *argv[32] = {"loom-limit"};
    int argc = 1;
    memset(copy, 0, sizeof copy);
    assert_true(strlen(words) < sizeof copy);
    memcpy(copy, words, strlen(words));
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    return limit_options_parse(argc, argv, out, complaint);
}

static void without_options_it_is_the_hot_load(UNUSED void **state) {
    struct limit_options o;
    struct complaint complaint;
    assert_true(parse("", &o, &complaint));
    assert_int_equal(o.links, 8);
    assert_int_equal(o.circuits, 64);
    assert_string_equal(o.cipher, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(o.backend, "epoll");
    assert_false(o.shares_cores);
    assert_false(o.own_aead);
}

static void options_say_what_they_say(UNUSED void **state) {
    struct limit_options o;
    struct complaint complaint;
    assert_true(parse(
        "--share-cores --own-aead --links 400 --circuits 16000 --verified-links 10 --record-cells 8 --repeats 3 "
        "--cipher TLS_AES_128_GCM_SHA256 --backend uring",
        &o, &complaint));
    assert_int_equal(o.links, 400);
    assert_int_equal(o.circuits, 16000);
    assert_int_equal(o.verified_links, 10);
    assert_int_equal(o.record_cells, 8);
    assert_int_equal(o.repeats, 3);
    assert_string_equal(o.cipher, "TLS_AES_128_GCM_SHA256");
    assert_string_equal(o.backend, "uring");
    assert_true(o.shares_cores);
    assert_true(o.own_aead);
}

static void mistakes_are_named(UNUSED void **state) {
    static const struct {
        const char *words, *complaint;
    } cases[] = {
        {"--link 8", "--link: no such option; --help lists them"},
        {"--links", "--links: a value is missing"},
        {"--links 7", "--links 7: expected an even number, half lead in and half out"},
        {"--links x", "--links x: expected a number from 2 to 1024"},
        {"--record-cells 32", "--record-cells 32: expected a number from 1 to 31"},
        {"--circuits 3", "--circuits 3: expected at least one for each of 4 ways in"},
        {"--verified-links 5", "--verified-links 5: expected at most 4, the ways in"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct limit_options o;
        struct complaint complaint;
        assert_false(parse(cases[i].words, &o, &complaint));
        assert_string_equal(complaint.text, cases[i].complaint);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_it_is_the_hot_load),
        cmocka_unit_test(options_say_what_they_say),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
