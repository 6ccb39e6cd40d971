#include "sim/scenario.h"

#include <stdio.h>
#include <stdlib.h>

#include "files/file_text.h"
#include "sim/scenario_small.h"
#include "sim/sim_config.h"
#include "support/test.h"

static void what_is_left_out_has_a_default(void **state) {
    (void)state;
    struct scenario s;
    small_parse(SMALL, &s);
    const struct scenario_clients *clients = s.traffic.clients.items;
    const struct scenario_arm *arms = s.arms.items;
    assert_string_equal(s.name, "small");
    assert_null(s.about);
    assert_int_equal(s.engine, SCENARIO_ENGINE_SIM);
    assert_int_equal(s.network.scale_permille, 1000);
    assert_int_equal(s.outputs.sample_ms, 100);
    assert_int_equal(clients[0].circuit_timeout_s, 60);
    assert_int_equal(clients[0].pause, SCENARIO_PAUSE_EXPONENTIAL);
    assert_int_equal(arms[0].threads, 4);
    assert_int_equal(s.traffic.congestion_control, SIM_CONGESTION_WINDOWS);
    assert_false(s.traffic.wants_cgo);
    assert_null(s.hardware.tor_profile);
    scenario_fini(&s);
}

/* Of one group of clients. */
#define TRAFFIC_OF(more)                                                        \
    "traffic:\n    users: [{country: DE, share: 1}]\n    servers: {count: 1}\n" \
    "    clients: [{name: web, hosts: 1, pause_ms: 10, files: [{bytes: 100}], " more "}]\n"
#define HYPOTHESIS(arm) \
    "{name: h, claim: x, measure: guard-gain, arm: " arm ", expected: above, margin_permille: 1}"

static void contradictions(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"name: a/b\nwarm_up_s: 1\nduration_s: 2\nseeds: {first: 1, last: 2}\n" SMALL_NETWORK SMALL_CLASSES
             SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:1: name: expected at most 64 of A-Z a-z 0-9 - _ . and no dot in front, found \"a/b\""},
        {"name: a\nwarm_up_s: 1\nduration_s: 2\nseeds: {first: 3, last: 2}\n" SMALL_NETWORK SMALL_CLASSES
             SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:4: seeds.last: expected a number from 3 to 1002"},
        {SMALL "bootstrap_s: 2\n", "s.yaml:13: bootstrap_s: expected at most warm_up_s, 1"},
        {SMALL "outputs: {sample_ms: 30}\n",
         "s.yaml:13: outputs: series_ms: expected a multiple of sample_ms, 30"},
        {SMALL_HEAD
         "network: {scale_permille: 10}\ntopology: {latencies: x}\n" SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:5: network: expected one of relays, inline and generated"},
        {SMALL_HEAD "network: {inline: [{country: DE, weight: 1, capacity_kbit: 1}], scale_permille: 10}\n"
                    "topology: {latencies: x}\n" SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:5: network.scale_permille: expected it with a table of relays only"},
        {SMALL_HEAD SMALL_NETWORK
         "hardware: {tor_profile: x, classes: [{name: any, cores: 1}]}\n" SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:7: hardware: expected both tor_profile and loom_profile, or none"},
        {SMALL_HEAD SMALL_NETWORK "hardware: {classes: [{name: any, cores: 1, capacity_mbit_least: 9, "
                                  "capacity_mbit_most: 9}]}\n" SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:7: hardware.classes[0].capacity_mbit_most: expected more than capacity_mbit_least, 9"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS
         "traffic:\n    users: [{country: DE, share: 1}]\n    servers: {count: 1}\n"
         "    clients: [{name: web, hosts: 1, pinned: true, guards: 1, pause_ms: 10, files: [{bytes: 100}]}]\n",
         "s.yaml:12: traffic.clients[0].pinned: expected neither guards nor through with it"},
        {SMALL_HEAD SMALL_NETWORK
         "hardware: {classes: [{name: any, cores: 2, softirq_queues: 3}]}\n" SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:7: hardware.classes[0].softirq_queues: expected at most its logical cores, 2"},
        {SMALL_HEAD SMALL_NETWORK
         "hardware: {classes: [{name: any, cores: 2, placement: nailed}]}\n" SMALL_ARMS SMALL_TRAFFIC,
         "s.yaml:7: hardware.classes[0].placement: expected floating or pinned, found \"nailed\""},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_TRAFFIC
         "arms:\n    - {name: x, percent: 0}\n    - {name: x, percent: 1}\n",
         "s.yaml:14: arms[1].name: expected each name once, found \"x\" again"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS
         "traffic:\n    users: [{country: DE, share: 1}]\n    servers: {count: 1}\n"
         "    clients: [{name: web, hosts: 1, pause_ms: 0, periodic: true, files: [{bytes: 100}]}]\n",
         "s.yaml:12: traffic.clients[0].pause_ms: expected more than 0 with periodic: true"},
        {SMALL "    congestion_control: reno\n",
         "s.yaml:13: traffic.congestion_control: expected windows or vegas, found \"reno\""},
        {SMALL "    cgo: true\n", "s.yaml:13: traffic.cgo: expected it with congestion_control: vegas only"},
        {SMALL "    congestion_control: windows\n    cgo: true\n",
         "s.yaml:14: traffic.cgo: expected it with congestion_control: vegas only"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS TRAFFIC_OF("observed: flows, upload: true"),
         "s.yaml:12: traffic.clients[0].observed: expected it without upload: true"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS TRAFFIC_OF("observed: all"),
         "s.yaml:12: traffic.clients[0].observed: expected no, flows or round-trips, found \"all\""},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS TRAFFIC_OF("probes: all"),
         "s.yaml:12: traffic.clients[0]: probe_exit: expected it with probes, and only with them"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS TRAFFIC_OF(
             "probes: all, probe_exit: x, line_mbit: 1"),
         "s.yaml:12: traffic.clients[0].line_mbit: expected 0 with probes, which must not be the bottleneck"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS TRAFFIC_OF(
             "probes: all, probe_exit: x, pinned: true"),
         "s.yaml:12: traffic.clients[0].probes: expected it without upload, guards, through, pinned, same_paths_as and observed"},
        {SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS TRAFFIC_OF("same_paths_as: web"),
         "s.yaml:12: traffic.clients[0].same_paths_as: expected a pinned group before it, with at least 1 hosts, found \"web\""},
        {SMALL "observe: {bin_ms: 30}\n", "s.yaml:13: observe.bin_ms: expected a divisor of 1000"},
        {SMALL "observe: {bin_ms: 100, attack_bin_ms: 250}\n",
         "s.yaml:13: observe.attack_bin_ms: expected a multiple of bin_ms, 100"},
        {SMALL "observe: {hypotheses: [" HYPOTHESIS("full") "]}\n",
         "s.yaml:13: observe.hypotheses[0].arm: expected the name of an arm, found \"full\""},
        {SMALL "observe: {hypotheses: [" HYPOTHESIS("tor") ", " HYPOTHESIS("tor") "]}\n",
         "s.yaml:13: observe.hypotheses[1].name: expected each name once, found \"h\" again"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scenario s;
        struct mistake m = {""};
        assert_false(scenario_parse("s.yaml", cases[i].text, strlen(cases[i].text), &s, &m));
        assert_string_equal(m.text, cases[i].mistake);
    }
}

static void a_fraction_is_one_arm(void **state) {
    (void)state;
    static const char text[] = SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_TRAFFIC
        "arms:\n    - {name: tor, percent: 0}\n    - {name: loom, percent: 100, threads: 2, order: random}\n";
    static const char *const words[] = {"rollout.fraction=0.25"};
    const struct settings_changes changes = {words, COUNT(words)};
    struct scenario s;
    struct mistake m = {""};
    small_parse(text, &s);
    assert_int_equal(s.arms.n, 2);
    scenario_fini(&s);
    assert_true(scenario_parse_changed("s.yaml", text, strlen(text), &changes, &s, &m));
    const struct scenario_arm *arm = s.arms.items;
    assert_int_equal(s.arms.n, 1);
    assert_string_equal(arm->name, "rollout");
    assert_int_equal(arm->percent, 25);
    assert_int_equal(arm->threads, 2);
    assert_int_equal(arm->order, SCENARIO_AT_RANDOM);
    scenario_fini(&s);
}

static void what_is_changed_is_checked(void **state) {
    (void)state;
    static const struct {
        const char *word, *mistake;
    } cases[] = {
        {"rollout.fraction=1.5",
         "s.yaml: rollout.fraction: expected a number from 0 to 1 with at most two digits behind the point, "
         "found \"1.5\""},
        {"seeds.last=0", "s.yaml: seeds.last: expected a number from 1 to 1000"},
        {"arms[0].percents=1",
         "s.yaml: arms[0].percents: no such key: expected name, percent, relays, order, "
         "threads, architecture, balancing, prices, behaviour, goes_on or probes"},
        {"arms[1].percent=1", "s.yaml: --set arms[1].percent=1: expected an item that is there"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct settings_changes changes = {&cases[i].word, 1};
        struct scenario s;
        struct mistake m = {""};
        assert_false(scenario_parse_changed("s.yaml", SMALL, strlen(SMALL), &changes, &s, &m));
        assert_string_equal(m.text, cases[i].mistake);
    }
}

static struct file_text read_source(const char *name) {
    char path[512];
    struct file_text text;
    struct mistake m = {""};
    source_path(name, path);
    if (!file_text_read(path, 1u << 20, &text, &m))
        fail_msg("%s", m.text);
    return text;
}

static void the_committed_schema_is_what_the_parser_takes(void **state) {
    (void)state;
    struct file_text committed = read_source("scenarios/schema.json");
    char *made = scenario_schema();
    assert_non_null(made);
    /* If it differs:   loom run --schema >scenarios/schema.json */
    assert_string_equal(committed.bytes, made);
    free(made);
    file_text_fini(&committed);
}

static void the_first_scenario(void **state) {
    (void)state;
    struct file_text text = read_source("scenarios/first.yaml");
    struct scenario s;
    small_parse(text.bytes, &s);
    assert_int_equal(s.network.scale_permille, 10);
    assert_int_equal(s.duration_s, 180);
    assert_int_equal(s.arms.n, 2);
    scenario_fini(&s);
    file_text_fini(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_has_a_default),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(a_fraction_is_one_arm),
        cmocka_unit_test(what_is_changed_is_checked),
        cmocka_unit_test(the_committed_schema_is_what_the_parser_takes),
        cmocka_unit_test(the_first_scenario),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
