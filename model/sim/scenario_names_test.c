#include "sim/scenario_names.h"

#include "sim/scenario_small.h"

#define NAMED                                                                                   \
    "network:\n    inline:\n"                                                                   \
    "        - {name: entry, count: 3, class: any, country: DE, weight: 1, capacity_kbit: 9}\n" \
    "        - {country: DE, weight: 1, capacity_kbit: 9}\n"                                    \
    "        - {name: target, count: 1, country: DE, weight: 1, capacity_kbit: 9}\n"            \
    "topology: {latencies: countries.latency}\n"

static void rows_are_written_in_their_order(void **state) {
    (void)state;
    struct scenario s;
    small_parse(SMALL_HEAD NAMED SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC, &s);
    const struct scenario_relay *relays = s.network.inline_relays.items;
    static const unsigned of_row[] = {0, 0, 0, 1, 2};
    assert_int_equal(scenario_relays_written(&s.network), 5);
    for (uint32_t row = 0; row < 5; row++) {
        assert_ptr_equal(scenario_relay_written(&s.network, row), &relays[of_row[row]]);
        assert_int_equal(scenario_relay_is(&s.network, row, "entry"), row < 3);
        assert_int_equal(scenario_relay_is(&s.network, row, "target"), row == 4);
    }
    assert_null(scenario_relay_written(&s.network, 5));
    assert_false(scenario_relay_is(&s.network, 5, "target"));
    assert_int_equal(scenario_class_find(&s.hardware, "any"), 0);
    assert_int_equal(scenario_class_find(&s.hardware, "other"), SCENARIO_NOBODY);
    scenario_fini(&s);
}

static void assert_refused(const char *network, const char *arms, const char *outputs, const char *expected) {
    char text[4096];
    struct scenario s;
    struct mistake m = {""};
    snprintf(text, sizeof(text), "%s%s%s%s%s%s", SMALL_HEAD, network, SMALL_CLASSES, arms, SMALL_TRAFFIC,
             outputs);
    small_parse(text, &s);
    assert_false(scenario_names_check(&s, &m));
    scenario_fini(&s);
    if (!strstr(m.text, expected))
        fail_msg("%s: expected %s", m.text, expected);
}

#define TWICE                                                                  \
    "network: {inline: [{name: a, country: DE, weight: 1, capacity_kbit: 9}, " \
    "{name: a, country: DE, weight: 1, capacity_kbit: 9}]}\n"                  \
    "topology: {latencies: countries.latency}\n"
#define CROWD                                                                       \
    "network: {inline: [{count: 65536, country: DE, weight: 1, capacity_kbit: 9}, " \
    "{country: DE, weight: 1, capacity_kbit: 9}]}\n"                                \
    "topology: {latencies: countries.latency}\n"

static void names_of_nobody_are_mistakes(void **state) {
    (void)state;
    assert_refused(TWICE, SMALL_ARMS, "", "inline[1].name: expected each name once, found \"a\" again");
    assert_refused(CROWD, SMALL_ARMS, "", "network.inline: expected at most 65536 relays");
    assert_refused(NAMED, SMALL_ARMS, "outputs: {sustained: entry}\n",
                   "outputs.sustained: expected the name of one relay, but of \"entry\" there are 3");
    assert_refused(NAMED, "arms: [{name: a, percent: 100, relays: nobody}]\n", "",
                   "arms[0].relays: expected the name of an inline relay, found \"nobody\"");
    assert_refused(NAMED, "arms: [{name: a, percent: 7, relays: target}]\n", "",
                   "arms[0].percent: expected 0 or 100 of the relays that are named");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_written_in_their_order),
        cmocka_unit_test(names_of_nobody_are_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
