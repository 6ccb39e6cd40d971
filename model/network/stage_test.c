#include "network/stage.h"

#include <stdlib.h>

#include "support/test.h"
#include "wire/text.h"

#define HEAD                               \
    "network-status-version 3 microdesc\n" \
    "vote-status consensus\n"              \
    "valid-after 2024-05-17 17:00:00\n"    \
    "fresh-until 2024-05-17 18:00:00\n"    \
    "valid-until 2024-05-17 20:00:00\n"
/* The ids are those of the staged relays below. */
#define RELAY_1                                                                     \
    "r one AAoQ1DAR6kkoo19hBAX5K0QztNw 2038-01-01 00:00:00 104.53.221.159 9001 0\n" \
    "s Fast Running Stable V2Dir Valid\n"                                           \
    "w Bandwidth=570\n"
#define RELAY_2                                                                 \
    "r two AAw1H4YDNlSoLZ/WrDsXj0TiNr4 2038-01-01 00:00:00 5.196.8.113 443 0\n" \
    "s Exit Running Valid\nw Bandwidth=12000\n"
#define RELAY_3                                                               \
    "r three AA8+t1NCvjcfHY0/rpCJCutWZO4 2038-01-01 00:00:00 5.1.8.1 443 0\n" \
    "s Exit Running Valid\nw Bandwidth=1\n"
#define RELAY_4                                                              \
    "r four ABElTMhEQ2myDvERVriZBDgiGlQ 2038-01-01 00:00:00 5.1.8.2 443 0\n" \
    "s Exit Valid\nw Bandwidth=1\n"
#define FOOT                                                                                                  \
    "directory-signature 0232AF901C31A04EE9848595AF9BB7620D4C5B2E 0DAB4EDFD58B4E02DFA879D1164183D19DAFB5C2\n" \
    "-----BEGIN SIGNATURE-----\nAQIDBA==\n-----END SIGNATURE-----\n"

#define STAGED(country)                                                                          \
    "{\"relays\": {\n\"000A10D43011EA4928A35F610405F92B4433B4DC\": {\"country_code\": \"US\",\n" \
    "\"bandwidth_capacity\": 5, \"bandwidth_rate\": 6, \"bandwidth_burst\": 7},\n"               \
    "\"000C351F86033654A82D9FD6AC3B178F44E236BE\": {\"country_code\": \"" country "\",\n"        \
    "\"bandwidth_capacity\": 8, \"bandwidth_rate\": 9, \"bandwidth_burst\": 10}}}"

#define COUNTRIES "DE 1.0\nUS 40.0 30.0\n"

static bool stage(const char *consensus, const char *staging, uint32_t replacements, char **text,
                  struct mistake *m) {
    static const struct country_replacement europe = {{"EU"}, {"DE"}};
    const struct stage_inputs in = {{"consensus", span_of(consensus)},
                                    {"s.json", span_of(staging)},
                                    {"c.latency", span_of(COUNTRIES)},
                                    &europe,
                                    replacements};
    size_t length;
    FILE *out = open_memstream(text, &length);
    assert_non_null(out);
    bool ok = stage_write(&in, out, m);
    assert_int_equal(fclose(out), 0);
    return ok;
}

/* The third was not staged and the fourth does not run. */
static void flags_of_one_and_capacities_of_the_other(void **state) {
    (void)state;
    struct mistake m = {""};
    char *text;
    if (!stage(HEAD RELAY_1 RELAY_2 RELAY_3 RELAY_4 FOOT, STAGED("EU"), 1, &text, &m))
        fail_msg("%s", m.text);
    assert_non_null(strstr(text, "Tor network at 2024-05-17 17:00:00"));
    assert_non_null(strstr(text, "# consensus (weight, flags) and s.json (the others).\n"
                                 "# 2 relays, Running and Valid; 1 more of the consensus were not staged. "
                                 "Countries: DE is taken for EU.\n"));
    assert_non_null(strstr(text, "\n12000 8 9 10 DE E\n570 5 6 7 US DFS\n"));
    struct relay_table table;
    assert_true(relay_table_parse("again", span_of(text), &table, &m));
    assert_int_equal(table.count, 2);
    relay_table_fini(&table);
    free(text);
}

static void nothing_tells_who_they_are(void **state) {
    (void)state;
    static const char *const secrets[] = {"one", "two", "AAoQ1", "000A", "000a", "104.53", "5.196", "9001"};
    struct mistake m = {""};
    char *text;
    assert_true(stage(HEAD RELAY_1 RELAY_2 FOOT, STAGED("DE"), 0, &text, &m));
    for (size_t i = 0; i < COUNT(secrets); i++)
        assert_null(strstr(strstr(text, "weight capacity"), secrets[i]));
    free(text);
}

static void one_line_for_each_mistake(void **state) {
    (void)state;
    static const struct {
        const char *consensus, *staging, *mistake;
    } cases[] = {
        {HEAD RELAY_1, STAGED("DE"),
         "consensus:8: expected a whole consensus: it ends without times or a directory-signature"},
        {HEAD RELAY_1 "r two AAw1", STAGED("DE"),
         "consensus:9: expected a line of a consensus (dir-spec 3.4.1)"},
        {"network-status-version 4\n", STAGED("DE"),
         "consensus:1: expected network-status-version 3, flavour ns or microdesc, and vote-status consensus"},
        {HEAD RELAY_1 RELAY_2 FOOT, STAGED("EU"),
         "s.json:4: relays.000C351F86033654A82D9FD6AC3B178F44E236BE.country_code: expected a country of c.latency, "
         "found \"EU\" (--replace EU=.. takes another)"},
        {HEAD RELAY_3 FOOT, STAGED("DE"),
         "s.json: relays: expected relays of the consensus consensus, found none"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mistake m = {""};
        char *text;
        assert_false(stage(cases[i].consensus, cases[i].staging, 0, &text, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_string_equal(text, "");
        free(text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_of_one_and_capacities_of_the_other),
        cmocka_unit_test(nothing_tells_who_they_are),
        cmocka_unit_test(one_line_for_each_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
