#include "load/load_options.h"

#include <string.h>

#include "support/test.h"

#define RSA   "000102030405060708090a0b0c0d0e0f10111213"
#define LONG  "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define RELAY "--relay", "127.0.0.1:9001", "--rsa-id", RSA, "--ed-id", LONG, "--onion-key", LONG

#define PARSE(out, complaint, ...)                                                        \
    load_options_parse((int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)) + 1, \
                       (const char *[]){"loom-load", __VA_ARGS__}, out, complaint)

static void a_relay_is_enough(UNUSED void **state) {
    struct load_options o;
    struct complaint complaint;
    assert_true(PARSE(&o, &complaint, RELAY));
    assert_int_equal(o.relay.port, 9001);
    assert_int_equal(o.rsa_id[19], 0x13);
    assert_int_equal(o.onion_key[31], 0x1f);
    assert_int_equal(o.links, 8);
    assert_int_equal(o.circuits, 64);
    assert_int_equal(o.record_cells, 31);
}

static void what_is_given_counts(UNUSED void **state) {
    struct load_options o;
    struct complaint complaint;
    assert_true(PARSE(&o, &complaint, RELAY, "--links", "400", "--circuits", "16000", "--record-cells", "8",
                      "--echoes", "5", "--pid", "77", "--loaded-every", "2", "--cipher",
                      "TLS_AES_128_GCM_SHA256"));
    assert_string_equal(o.cipher, "TLS_AES_128_GCM_SHA256");
    assert_int_equal(o.links, 400);
    assert_int_equal(o.circuits, 16000);
    assert_int_equal(o.record_cells, 8);
    assert_int_equal(o.echoes, 5);
    assert_int_equal(o.pid, 77);
    assert_int_equal(o.loaded_every, 2);
}

static void mistakes_name_the_option(UNUSED void **state) {
    struct load_options o;
    struct complaint c;
    assert_false(PARSE(&o, &c, "--relay", "127.0.0.1:9001"));
    assert_string_equal(c.text, "--rsa-id is missing");
    assert_false(PARSE(&o, &c, RELAY, "--links", "9"));
    assert_string_equal(c.text, "--links 9: expected an even number, half lead in and half out");
    assert_false(PARSE(&o, &c, RELAY, "--links", "0"));
    assert_string_equal(c.text, "--links 0: expected a number from 1 to 1024");
    assert_false(PARSE(&o, &c, RELAY, "--links", "8x"));
    assert_false(PARSE(&o, &c, RELAY, "--seconds"));
    assert_string_equal(c.text, "--seconds: a value is missing");
    assert_false(PARSE(&o, &c, RELAY, "--colour", "red"));
    assert_string_equal(c.text, "--colour: no such option; --help lists them");
    assert_false(PARSE(&o, &c, RELAY, "--circuits", "3"));
    assert_string_equal(c.text, "--circuits 3: expected at least one for each of 4 ways in");
    assert_false(PARSE(&o, &c, RELAY, "--verified-links", "5"));
    assert_false(PARSE(&o, &c, RELAY, "--loaded-every", "5"));
    assert_string_equal(c.text, "--loaded-every 5: expected at most 4, the ways in");
    assert_false(PARSE(&o, &c, RELAY, "--rsa-id", "00"));
    assert_string_equal(c.text, "--rsa-id 00: expected 40 hexadecimal digits");
    assert_false(PARSE(&o, &c, RELAY, "--cipher", ""));
    assert_string_equal(c.text, "--cipher : expected 1 to 63 characters");
    assert_false(PARSE(&o, &c, RELAY, "--relay", "localhost"));
    assert_string_equal(c.text, "--relay localhost: expected ADDRESS:PORT");
}

static void handshakes_take_other_numbers(UNUSED void **state) {
    struct load_options o;
    struct complaint c;
    assert_true(PARSE(&o, &c, RELAY));
    assert_int_equal(o.mode, LOAD_CELLS);
    assert_true(PARSE(&o, &c, RELAY, "--handshakes", "ntor", "--links", "3", "--circuits", "3"));
    assert_int_equal(o.mode, LOAD_NTOR);
    assert_int_equal(o.proven_every, 100);
    assert_true(PARSE(&o, &c, RELAY, "--handshakes", "ntor-v3", "--proven-every", "1"));
    assert_int_equal(o.mode, LOAD_NTOR_V3);
    assert_int_equal(o.proven_every, 1);
    assert_false(PARSE(&o, &c, RELAY, "--handshakes", "tap"));
    assert_string_equal(c.text, "--handshakes tap: expected ntor or ntor-v3");
    assert_false(PARSE(&o, &c, RELAY, "--handshakes", "ntor", "--links", "65"));
    assert_string_equal(c.text, "--circuits 64: expected at least one for each of 65 links");
    assert_false(PARSE(&o, &c, RELAY, "--handshakes", "ntor", "--echoes", "5"));
    assert_string_equal(c.text, "--echoes 5: there are none with --handshakes");
}

static void idling_has_steps(UNUSED void **state) {
    struct load_options o;
    struct complaint c;
    assert_true(PARSE(&o, &c, RELAY, "--idle", "4"));
    assert_int_equal(o.mode, LOAD_IDLE);
    assert_int_equal(o.steps, 4);
    assert_false(PARSE(&o, &c, RELAY, "--idle", "5"));
    assert_string_equal(c.text, "--idle 5: expected at most 4, the ways in");
    assert_false(PARSE(&o, &c, RELAY, "--idle", "0"));
    assert_string_equal(c.text, "--idle 0: expected a number from 1 to 100");
    assert_false(PARSE(&o, &c, RELAY, "--idle", "1", "--echoes", "5"));
    assert_string_equal(c.text, "--echoes 5: there are none with --idle");
    assert_false(PARSE(&o, &c, RELAY, "--idle", "1", "--links", "9"));
}

static void an_exit_has_all_links_on_one_side(UNUSED void **state) {
    struct load_options o;
    struct complaint c;
    assert_true(PARSE(&o, &c, RELAY));
    assert_int_equal(o.role, LOAD_MIDDLE);
    assert_int_equal(load_options_ways(&o), 4);
    assert_true(PARSE(&o, &c, RELAY, "--role", "exit", "--links", "3", "--circuits", "3"));
    assert_int_equal(o.role, LOAD_EXIT);
    assert_int_equal(load_options_ways(&o), 3);
    assert_false(PARSE(&o, &c, RELAY, "--role", "exit", "--links", "3", "--circuits", "2"));
    assert_string_equal(c.text, "--circuits 2: expected at least one for each of 3 links");
    assert_false(PARSE(&o, &c, RELAY, "--role", "exit", "--rate", "5"));
    assert_false(PARSE(&o, &c, RELAY, "--role", "exit", "--share", "5"));
    assert_false(PARSE(&o, &c, RELAY, "--role", "guard"));
    assert_string_equal(c.text, "--role guard: expected middle or exit");
}

static void a_rate_needs_a_way_whose_delays_are_told(UNUSED void **state) {
    struct load_options o;
    struct complaint c;
    assert_true(PARSE(&o, &c, RELAY, "--rate", "5000"));
    assert_int_equal(o.rate, 5000);
    assert_false(PARSE(&o, &c, RELAY, "--rate", "5000", "--verified-links", "0"));
    assert_true(PARSE(&o, &c, RELAY, "--share", "90"));
    assert_int_equal(o.share, 90);
    assert_int_equal(o.rate, 0);
    assert_false(PARSE(&o, &c, RELAY, "--share", "90", "--verified-links", "0"));
    assert_false(PARSE(&o, &c, RELAY, "--share", "90", "--rate", "5000"));
    assert_false(PARSE(&o, &c, RELAY, "--share", "100"));
}

static void help_asks_for_nothing_else(UNUSED void **state) {
    struct load_options o;
    struct complaint complaint;
    assert_true(PARSE(&o, &complaint, "--help"));
    assert_true(o.wants_help);
    assert_non_null(strstr(load_options_help(), "--record-cells"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_is_enough),
        cmocka_unit_test(what_is_given_counts),
        cmocka_unit_test(mistakes_name_the_option),
        cmocka_unit_test(handshakes_take_other_numbers),
        cmocka_unit_test(idling_has_steps),
        cmocka_unit_test(help_asks_for_nothing_else),
        cmocka_unit_test(an_exit_has_all_links_on_one_side),
        cmocka_unit_test(a_rate_needs_a_way_whose_delays_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
