#include "attack/attack_options.h"

#include <string.h>

#include "support/test.h"

#define RSA   "000102030405060708090a0b0c0d0e0f10111213"
#define LONG  "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define RELAY "--relay", "127.0.0.1:9001", "--rsa-id", RSA, "--ed-id", LONG, "--onion-key", LONG

#define PARSE(out, complaint, ...)                                                          \
    attack_options_parse((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)) + 1, \
                         (const char *[]){"loom-attack", __VA_ARGS__}, out, complaint)

static void every_attack_has_a_name_and_is_in_the_help(UNUSED void **state) {
    for (uint32_t kind = ATTACK_SNIPER; kind <= ATTACK_LINKS; kind++) {
        struct attack_options o;
        struct complaint complaint;
        assert_true(PARSE(&o, &complaint, RELAY, "--attack", attack_name(kind)));
        assert_int_equal(o.kind, kind);
        assert_non_null(strstr(attack_options_help(), attack_name(kind)));
    }
}

static void what_is_not_given_has_a_default(UNUSED void **state) {
    struct attack_options o;
    struct complaint complaint;
    assert_true(PARSE(&o, &complaint, RELAY, "--attack", "tls", "--links", "2000", "--from", "127.0.0.66:0"));
    assert_int_equal(o.kind, ATTACK_TLS);
    assert_int_equal(o.links, 2000);
    assert_int_equal(o.circuits, 400);
    assert_int_equal(o.seconds, 10);
    assert_int_equal(o.from.address.bytes[3], 66);
    assert_int_equal(o.relay.port, 9001);
}

static void mistakes_name_the_option(UNUSED void **state) {
    struct attack_options o;
    struct complaint c;
    assert_false(PARSE(&o, &c, RELAY));
    assert_string_equal(c.text, "--attack is missing");
    assert_false(PARSE(&o, &c, RELAY, "--attack", "siege"));
    assert_non_null(strstr(c.text, "--attack siege: expected sniper, "));
    assert_false(PARSE(&o, &c, RELAY, "--attack", "tls", "--links", "0"));
    assert_string_equal(c.text, "--links 0: expected a number from 1 to 16384");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_attack_has_a_name_and_is_in_the_help),
        cmocka_unit_test(what_is_not_given_has_a_default),
        cmocka_unit_test(mistakes_name_the_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
