#include "sim/scenario_generated.h"

#include "network/generated_small.h"
#include "support/test.h"

/* What is around a generated network, with a line more of the topology. */
#define AROUND(topology)                                                                                     \
    "name: small\nwarm_up_s: 1\nduration_s: 2\nseeds: {first: 1, last: 1}\nnetwork: {generated: x.tar.xz}\n" \
    "topology: {latencies: countries.latency" topology                                                       \
    "}\nhardware: {line_rate: capacity, classes: [{name: "                                                   \
    "any, cores: 1}]}\narms: [{name: tor, percent: 0}]\ntraffic: {}\n"

static struct generated_network network;

static int read_network(void **state) {
    (void)state;
    struct text_archive archive = small_archive();
    struct mistake m = {""};
    if (!generated_network_read("n", &archive, &network, &m))
        fail_msg("%s", m.text);
    text_archive_fini(&archive);
    return 0;
}

static int free_network(void **state) {
    (void)state;
    generated_network_fini(&network);
    return 0;
}

static void parse(const char *text, struct scenario *out) {
    struct mistake m = {""};
    if (!scenario_parse("s.yaml", text, strlen(text), out, &m))
        fail_msg("%s", m.text);
}

static void clients_become_groups(void **state) {
    (void)state;
    struct scenario s;
    struct relay_table relays;
    parse(AROUND(""), &s);
    assert_true(scenario_generated_take(&network, &s, &relays));
    const struct scenario_clients *groups = s.traffic.clients.items;
    assert_int_equal(s.traffic.clients.n, 2);
    assert_string_equal(groups[0].name, "perf");
    assert_true(groups[0].is_measured);
    assert_int_equal(groups[0].hosts, 2);
    assert_int_equal(groups[0].pause_ms, 10000);
    assert_int_equal(groups[0].request_bytes, 1000);
    assert_int_equal(groups[0].circuit_age_s, 10);
    assert_int_equal(groups[0].guards, 0);
    const struct scenario_file *files = groups[0].files.items;
    assert_int_equal(groups[0].files.n, 2);
    assert_int_equal(files[0].bytes, 51200);
    assert_int_equal(files[0].timeout_s, 15);
    assert_int_equal(files[0].share, 6 * files[1].share);
    assert_string_equal(groups[1].name, "markov");
    assert_false(groups[1].is_measured);
    assert_true(groups[1].has_flows);
    assert_int_equal(s.traffic.servers.count, 1);
    assert_int_equal(relays.count, 6);
    assert_int_equal(relays.rows[0].weight, 900);
    struct sim_flows flows = scenario_generated_flows(&network);
    assert_int_equal(flows.stallout, 300 * NSEC_PER_S);
    assert_int_equal(flows.timeout, 600 * NSEC_PER_S);
    relay_table_fini(&relays);
    scenario_fini(&s);
}

static struct country code(const char *text) {
    return (struct country){{text[0], text[1], '\0'}};
}

static void countries_that_are_not_there(void **state) {
    (void)state;
    struct country_latency latency;
    struct scenario s;
    struct mistake m = {""};
    uint16_t country;
    static const char table[] = "DE 1.0\nFR 2.0 1.0\n";
    assert_true(
        country_latency_parse("t", (struct span){(const uint8_t *)table, sizeof(table) - 1}, &latency, &m));
    parse(AROUND(", instead: [{country: AB, taken_as: FR}, {country: CD, taken_as: x}]"), &s);
    assert_true(scenario_country(&s, &latency, code("FR"), &country, &m));
    assert_int_equal(country, 1);
    assert_true(scenario_country(&s, &latency, code("AB"), &country, &m));
    assert_int_equal(country, 1);
    assert_false(scenario_country(&s, &latency, code("US"), &country, &m));
    assert_string_equal(m.text,
                        "s.yaml:5: network.generated: expected countries of countries.latency, found \"US\"");
    assert_false(scenario_country(&s, &latency, code("CD"), &country, &m));
    assert_string_equal(m.text, "s.yaml:6: topology.instead[1].taken_as: expected two capital letters");
    scenario_fini(&s);
    country_latency_fini(&latency);
}

static void what_does_not_go_together(void **state) {
    (void)state;
    static const struct {
        const char *from, *to, *mistake;
    } cases[] = {
        {"generated: x.tar.xz", "generated: x, relays: y",
         "s.yaml:5: network: expected one of relays, inline and generated"},
        {"generated: x.tar.xz", "generated: x, scale_permille: 10",
         "s.yaml:5: network.scale_permille: expected it with a table of relays only"},
        {"generated: x.tar.xz", "relays: x",
         "s.yaml:9: traffic: users: expected some, as there is no generated network"},
        {"traffic: {}", "traffic: {users: [{country: DE, share: 1}]}",
         "s.yaml:9: traffic.users: expected none with a generated network"},
        {"traffic: {}", "traffic: {servers: {count: 1}}",
         "s.yaml:9: traffic.servers: expected none with a generated network"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char whole[] = AROUND("");
        const char *at = strstr(whole, cases[i].from);
        struct scenario s;
        struct mistake m = {""};
        char text[1024];
        assert_non_null(at);
        int n = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - whole), whole, cases[i].to,
                         at + strlen(cases[i].from));
        assert_false(scenario_parse("s.yaml", text, (size_t)n, &s, &m));
        assert_string_equal(m.text, cases[i].mistake);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_become_groups),
        cmocka_unit_test(countries_that_are_not_there),
        cmocka_unit_test(what_does_not_go_together),
    };
    return cmocka_run_group_tests(tests, read_network, free_network);
}
