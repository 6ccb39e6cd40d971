#include "sim/scenario_plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "cost/price_numbers.h"
#include "sim/scenario_hardware.h"
#include "sim/scenario_small.h"
#include "support/test.h"

static void first_scenario(struct scenario_inputs *out) {
    char path[512];
    struct mistake m = {""};
    source_path("scenarios/first.yaml", path);
    if (!scenario_inputs_read(path, NULL, out, &m))
        fail_msg("%s", m.text);
}

static void make(const struct scenario_inputs *inputs, uint32_t arm, uint64_t seed, struct plan *out) {
    struct mistake m = {""};
    const struct scenario_arm *arms = inputs->scenario.arms.items;
    if (!plan_make(inputs, &arms[arm], seed, out, &m))
        fail_msg("%s", m.text);
}

static void the_first_scenario_is_one_percent(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan plan;
    first_scenario(&inputs);
    make(&inputs, 0, 1, &plan);
    assert_int_equal(plan.config.relay_count, 72);
    uint32_t roles[ROLE_COUNT] = {0};
    uint64_t capacity = 0;
    for (uint32_t i = 0; i < plan.config.relay_count; i++) {
        roles[plan.relays[i].role]++;
        capacity += plan.relays[i].row->capacity;
        assert_true(plan.config.relays[i].line_rate >= plan.relays[i].row->capacity);
        assert_int_equal(plan.config.relays[i].connection_threads, 0);
        assert_false(plan.relays[i].is_loom);
    }
    assert_int_equal(roles[ROLE_EXIT_GUARD], 12);
    assert_int_equal(roles[ROLE_EXIT], 11);
    assert_int_equal(roles[ROLE_GUARD], 27);
    assert_int_equal(roles[ROLE_MIDDLE], 22);
    assert_in_range(capacity * 8, UINT64_C(7500000000), UINT64_C(9000000000)); /* 1 % of 822 Gbit/s */
    assert_string_equal(plan.relays[0].name, "relay1guard");
    assert_string_equal(plan_note(&inputs), "uncalibrated");
    plan_fini(&plan);
    scenario_inputs_fini(&inputs);
}

static void arms_of_a_seed_are_paired(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan tor, loom, other;
    first_scenario(&inputs);
    make(&inputs, 0, 1, &tor);
    make(&inputs, 1, 1, &loom);
    make(&inputs, 1, 2, &other);
    uint32_t moved = 0;
    assert_int_equal(tor.config.client_count, loom.config.client_count);
    for (uint32_t i = 0; i < tor.config.client_count; i++) {
        assert_int_equal(tor.config.clients[i].country, loom.config.clients[i].country);
        moved += loom.config.clients[i].country != other.config.clients[i].country;
    }
    assert_true(moved > 0);
    for (uint32_t i = 0; i < tor.config.relay_count; i++) {
        const struct sim_relay_config *a = &tor.config.relays[i], *b = &loom.config.relays[i];
        assert_int_equal(a->weight, b->weight);
        assert_int_equal(a->line_rate, b->line_rate);
        assert_int_equal(tor.relays[i].class, loom.relays[i].class);
        assert_int_equal(tor.config.cpus[a->cpu].cores, loom.config.cpus[b->cpu].cores);
        assert_int_equal(tor.config.cpus[a->cpu].mapping, COST_VANILLA);
        assert_int_equal(loom.config.cpus[b->cpu].mapping, COST_FULL);
        assert_true(loom.relays[i].is_loom);
        assert_true(b->connection_threads > 0);
    }
    plan_fini(&tor);
    plan_fini(&loom);
    plan_fini(&other);
    scenario_inputs_fini(&inputs);
}

static void slower_machines_have_higher_prices(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan tor, loom;
    first_scenario(&inputs);
    make(&inputs, 0, 1, &tor);
    make(&inputs, 1, 1, &loom);
    const struct scenario_class *classes = inputs.scenario.hardware.classes.items;
    uint64_t rate = scenario_tor_rate(&inputs.tor.value);
    for (uint32_t i = 0; i < tor.config.relay_count; i++) {
        uint64_t slowness =
            scenario_slowness(&classes[tor.relays[i].class], rate, tor.relays[i].row->capacity);
        assert_int_equal(tor.prices[i].ps.reads, (inputs.tor.value.ps.reads * slowness + 500) / 1000);
        assert_int_equal(loom.prices[i].ps.reads, (inputs.loom.value.ps.reads * slowness + 500) / 1000);
        assert_int_equal(loom.prices[i].smt_permille, inputs.loom.value.smt_permille);
    }
    plan_fini(&tor);
    plan_fini(&loom);
    scenario_inputs_fini(&inputs);
}

/* A class is slower or faster than the profile's machine, and has the same instructions. */
static void loom_wants_what_its_machine_is_good_at(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan tor, loom, without;
    first_scenario(&inputs);
    make(&inputs, 0, 1, &tor);
    make(&inputs, 1, 1, &loom);
    inputs.loom.has_aes = inputs.tor.has_aes = false;
    make(&inputs, 1, 1, &without);
    for (uint32_t i = 0; i < tor.config.relay_count; i++) {
        assert_int_equal(tor.config.cpus[i].cipher, LINK_AES256);
        assert_int_equal(loom.config.cpus[i].cipher, LINK_AES256);
        assert_int_equal(without.config.cpus[i].cipher,
                         without.relays[i].is_loom ? LINK_CHACHA : LINK_AES256);
    }
    plan_fini(&tor);
    plan_fini(&loom);
    plan_fini(&without);
    scenario_inputs_fini(&inputs);
}

static bool same_prices(const struct cost_table *a, const struct cost_table *b) {
    bool is_same = true;
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        is_same &= price_number_get(a, i) == price_number_get(b, i);
    return is_same;
}

/* A seed is a machine: the same in all arms, and where tor's cipher is in its interval, Loom's is in its own. */
static void each_seed_draws_its_machine(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan fixed, tor, loom, other;
    first_scenario(&inputs);
    make(&inputs, 1, 1, &fixed);
    assert_true(same_prices(&fixed.tor.value, &inputs.tor.value));
    assert_true(same_prices(&fixed.loom.value, &inputs.loom.value));
    inputs.scenario.hardware.prices = SCENARIO_PRICES_DRAWN;
    make(&inputs, 0, 1, &tor);
    make(&inputs, 1, 1, &loom);
    make(&inputs, 1, 2, &other);
    assert_false(same_prices(&loom.loom.value, &inputs.loom.value));
    assert_false(same_prices(&loom.loom.value, &other.loom.value));
    assert_true(same_prices(&loom.loom.value, &tor.loom.value));
    assert_true(same_prices(&loom.tor.value, &tor.tor.value));
    const struct cost_prices *a = &loom.loom.least.ps, *b = &loom.tor.least.ps;
    assert_int_equal(a->tls_aes256_bytes, b->tls_aes256_bytes); /* otherwise this says nothing */
    assert_int_equal(loom.loom.value.ps.tls_aes256_bytes, loom.tor.value.ps.tls_aes256_bytes);
    uint64_t rate = scenario_tor_rate(&loom.tor.value);
    const struct scenario_class *classes = inputs.scenario.hardware.classes.items;
    uint64_t slowness = scenario_slowness(&classes[loom.relays[0].class], rate, loom.relays[0].row->capacity);
    assert_int_equal(loom.prices[0].ps.reads, (loom.loom.value.ps.reads * slowness + 500) / 1000);
    plan_fini(&fixed);
    plan_fini(&tor);
    plan_fini(&loom);
    plan_fini(&other);
    scenario_inputs_fini(&inputs);
}

/* Writes the table of latencies and parses the scenario around it. Only the numbers of *config_out outlive this. */
static bool plan_of(const char *text, const char *latency, struct sim_config *config_out, struct mistake *m) {
    struct scenario_inputs inputs = {.file_name = NULL};
    struct plan plan;
    small_parse(text, &inputs.scenario);
    const struct span span = {(const uint8_t *)latency, strlen(latency)};
    assert_true(country_latency_parse("countries.latency", span, &inputs.latency, m));
    const struct scenario_relay *relays = inputs.scenario.network.inline_relays.items;
    assert_true(relay_table_init(&inputs.relays, inputs.scenario.network.inline_relays.n));
    for (uint32_t i = 0; i < inputs.relays.count; i++) {
        const struct span country = {(const uint8_t *)relays[i].country, 2};
        inputs.relays.rows[i].capacity = relays[i].capacity_kbit * 125;
        assert_true(country_parse(country, &inputs.relays.rows[i].country));
    }
    inputs.file_name = strdup("small.yaml");
    bool ok = plan_make(&inputs, inputs.scenario.arms.items, 1, &plan, m);
    if (ok) {
        assert_null(plan.config.cpus[0].prices);
        *config_out = plan.config;
        assert_string_equal(plan_note(&inputs), "no CPU model");
        plan_fini(&plan);
    }
    scenario_inputs_fini(&inputs);
    return ok;
}

static void unknown_countries(void **state) {
    (void)state;
    struct mistake m = {""};
    struct sim_config config;
    assert_false(plan_of(SMALL, "AT 1.0\n", &config, &m));
    assert_string_equal(
        m.text, "small.yaml:5: network.inline: expected countries of countries.latency, found \"DE\"");
    static const char in_austria[] =
        SMALL_HEAD "network: {inline: [{country: AT, weight: 1, capacity_kbit: 9000}]}\n"
                   "topology: {latencies: countries.latency}\n" SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC;
    assert_false(plan_of(in_austria, "AT 1.0\n", &config, &m));
    assert_string_equal(m.text, "small.yaml:10: traffic.users[0].country: expected a country of the table of "
                                "latencies, found \"DE\"");
}

static void without_prices_work_takes_no_time(void **state) {
    (void)state;
    struct mistake m = {""};
    struct sim_config config;
    if (!plan_of(SMALL, "DE 1.0\n", &config, &m))
        fail_msg("%s", m.text);
}

static void what_circuits_ask_for(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum sim_congestion congestion_control;
        bool wants_cgo;
    } cases[] = {
        {SMALL, SIM_CONGESTION_WINDOWS, false},
        {SMALL "    congestion_control: windows\n", SIM_CONGESTION_WINDOWS, false},
        {SMALL "    congestion_control: vegas\n", SIM_CONGESTION_VEGAS, false},
        {SMALL "    congestion_control: vegas\n    cgo: true\n", SIM_CONGESTION_VEGAS, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mistake m = {""};
        struct sim_config config;
        if (!plan_of(cases[i].text, "DE 1.0\n", &config, &m))
            fail_msg("%s", m.text);
        assert_int_equal(config.congestion_control, cases[i].congestion_control);
        assert_int_equal(config.wants_cgo, cases[i].wants_cgo);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_scenario_is_one_percent),
        cmocka_unit_test(arms_of_a_seed_are_paired),
        cmocka_unit_test(each_seed_draws_its_machine),
        cmocka_unit_test(loom_wants_what_its_machine_is_good_at),
        cmocka_unit_test(slower_machines_have_higher_prices),
        cmocka_unit_test(unknown_countries),
        cmocka_unit_test(without_prices_work_takes_no_time),
        cmocka_unit_test(what_circuits_ask_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
