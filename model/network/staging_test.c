#include "network/staging.h"

#include "support/test.h"
#include "wire/text.h"

#define ID_1 "000A10D43011EA4928A35F610405F92B4433B4DC"
#define ID_2 "000C351F86033654A82D9FD6AC3B178F44E236BE"
#define RELAY(id, capacity, country)                                                                      \
    "\"" id "\": {\"bandwidth_capacity\": " capacity ", \"bandwidth_rate\": 7, \"bandwidth_burst\": 8,\n" \
    " \"country_code\": " country ", \"address\": \"192.0.2.1\"}"

static bool parse(const char *text, struct staging *out, struct mistake *m) {
    return staging_parse("s.json", text, strlen(text), out, m);
}

static void relays_by_their_id(void **state) {
    (void)state;
    struct staging s;
    struct mistake m = {""};
    uint8_t id[20], other[20] = {9};
    if (!parse("{\"relays\": {" RELAY(ID_2, "5", "\"FR\"") ",\n" RELAY(ID_1, "6", "\"US\"") "}}", &s, &m))
        fail_msg("%s", m.text);
    assert_int_equal(s.count, 2);
    assert_true(text_hex_decode(span_of(ID_1), id, 20));
    const struct staged_relay *relay = staging_find(&s, id);
    assert_non_null(relay);
    assert_int_equal(relay->capacity, 6);
    assert_int_equal(relay->rate, 7);
    assert_int_equal(relay->burst, 8);
    assert_string_equal(relay->country.code, "US");
    assert_null(staging_find(&s, other));
    staging_fini(&s);
    assert_null(staging_find(&s, id));
}

static void mistakes_have_lines_and_keys(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"", "s.json:1: expected JSON: "},
        {"{\n\"relays\": {\n", "s.json:3: expected JSON: "},
        {"[]", "s.json:1: relays: expected an object of 1 to 100000 relays"},
        {"{\"relays\": {}}", "s.json:1: relays: expected an object of 1 to 100000 relays"},
        {"{\"relays\": [1]}", "s.json:1: relays: expected an object of 1 to 100000 relays"},
        {"{\"relays\": {\n\n\"" ID_1 "\": 3}}", "s.json:3: relays." ID_1 ": expected an object"},
        {"{\"relays\": {\n\"00\": {}}}",
         "s.json:2: relays.00: expected a fingerprint of 40 hexadecimal digits"},
        {"{\"relays\": {\n" RELAY(ID_1, "5", "\"Europe\"") "}}",
         "s.json:2: relays." ID_1 ".country_code: expected two capital letters"},
        {"{\"relays\": {\n" RELAY(ID_1, "5", "null") "}}",
         "s.json:2: relays." ID_1 ".country_code: expected two capital letters"},
        {"{\"relays\": {\n" RELAY(ID_1, "5.5", "\"DE\"") "}}",
         "s.json:2: relays." ID_1 ".bandwidth_capacity: expected a whole number from 0 to 1000000000000"},
        {"{\"relays\": {\n" RELAY(ID_1, "-5", "\"DE\"") "}}",
         "s.json:2: relays." ID_1 ".bandwidth_capacity: expected a whole number from 0 to 1000000000000"},
        {"{\"relays\": {" RELAY(ID_1, "5", "\"DE\"") ",\n" RELAY(ID_1, "5", "\"DE\"") "}}",
         "s.json:3: expected JSON: duplicate object key"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct staging s;
        struct mistake m = {""};
        assert_false(parse(cases[i].text, &s, &m));
        if (strncmp(m.text, cases[i].mistake, strlen(cases[i].mistake)) != 0)
            fail_msg("case %zu: %s", i, m.text);
        assert_null(s.relays);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_by_their_id),
        cmocka_unit_test(mistakes_have_lines_and_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
