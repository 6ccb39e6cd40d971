#include "sim/plan_json.h"

#include <stdlib.h>

#include "sim/scenario_small.h"
#include "support/test.h"

static void first_plan(struct scenario_inputs *inputs, uint32_t arm, uint64_t seed, struct plan *out) {
    char path[512];
    struct mistake m = {""};
    source_path("scenarios/first.yaml", path);
    if (!scenario_inputs_read(path, NULL, inputs, &m))
        fail_msg("%s", m.text);
    const struct scenario_arm *arms = inputs->scenario.arms.items;
    if (!plan_make(inputs, &arms[arm], seed, out, &m))
        fail_msg("%s", m.text);
}

static char *text_of(uint32_t arm, uint64_t seed) {
    struct scenario_inputs inputs;
    struct plan plan;
    first_plan(&inputs, arm, seed, &plan);
    json_t *json = plan_json(&plan);
    assert_non_null(json);
    char *text = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    plan_fini(&plan);
    scenario_inputs_fini(&inputs);
    assert_non_null(text);
    return text;
}

static void the_same_seed_gives_the_same_bytes(void **state) {
    (void)state;
    char *a = text_of(0, 1), *b = text_of(0, 1), *other_seed = text_of(0, 2), *other_arm = text_of(1, 1);
    assert_string_equal(a, b);
    assert_string_not_equal(a, other_seed);
    assert_string_not_equal(a, other_arm);
    free(a);
    free(b);
    free(other_seed);
    free(other_arm);
}

static json_int_t whole(const json_t *object, const char *key) {
    assert_true(json_is_integer(json_object_get(object, key)));
    return json_integer_value(json_object_get(object, key));
}

/* What the JSON says of a host is what the engine would simulate. */
static void it_is_the_network_of_the_plan(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan plan;
    first_plan(&inputs, 1, 1, &plan);
    const struct sim_config *config = &plan.config;
    json_t *json = plan_json(&plan);
    assert_non_null(json);
    const json_t *relays = json_object_get(json, "relays"), *clients = json_object_get(json, "clients");
    const json_t *countries = json_object_get(json, "countries"),
                 *latency = json_object_get(json, "latency_us");
    assert_int_equal(json_array_size(relays), config->relay_count);
    assert_int_equal(json_array_size(clients), config->client_count);
    assert_int_equal(json_array_size(latency), json_array_size(countries));
    for (uint32_t i = 0; i < config->relay_count; i++) {
        const json_t *relay = json_array_get(relays, i);
        const json_t *country = json_array_get(countries, (size_t)whole(relay, "country"));
        assert_string_equal(json_string_value(json_object_get(relay, "name")), plan.relays[i].name);
        assert_string_equal(json_string_value(country), plan.relays[i].row->country.code);
        assert_int_equal(whole(relay, "line_rate"), config->relays[i].line_rate);
        assert_int_equal(whole(relay, "threads"), config->relays[i].connection_threads);
        assert_string_equal(json_string_value(json_object_get(relay, "program")), "loom");
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        const json_t *relay = json_array_get(relays, 0), *client = json_array_get(clients, i);
        const json_t *row = json_array_get(latency, (size_t)whole(relay, "country"));
        const json_t *between = json_array_get(row, (size_t)whole(client, "country"));
        size_t at =
            (size_t)config->relays[0].country * config->geography.countries + config->clients[i].country;
        assert_int_equal(json_integer_value(between), config->geography.latency_us[at]);
        assert_int_equal(whole(client, "sessions"), config->clients[i].sessions);
    }
    json_decref(json);
    plan_fini(&plan);
    scenario_inputs_fini(&inputs);
}

/* What a relay's machine takes for a read, as the engine would charge it; none where work takes no time. */
static void machines_have_their_prices(void **state) {
    (void)state;
    struct scenario_inputs inputs;
    struct plan plan;
    first_plan(&inputs, 0, 1, &plan);
    json_t *json = plan_json(&plan);
    assert_non_null(json);
    for (uint32_t i = 0; i < plan.config.relay_count; i++) {
        const struct sim_cpu *cpu = &plan.config.cpus[plan.config.relays[i].cpu];
        const json_t *machine =
            json_object_get(json_array_get(json_object_get(json, "relays"), i), "machine");
        const json_t *prices = json_object_get(machine, "prices");
        assert_int_equal(whole(machine, "cores"), cpu->cores);
        assert_int_equal(whole(prices, "reads"), cpu->prices->ps.reads);
        assert_int_equal(whole(prices, "smt"), cpu->prices->smt_permille);
        assert_int_equal(whole(prices, "wake_delay"), cpu->prices->wake_delay_ns);
    }
    json_decref(json);
    plan_fini(&plan);
    inputs.has_prices = false;
    struct mistake m = {""};
    assert_true(plan_make(&inputs, inputs.scenario.arms.items, 1, &plan, &m));
    assert_non_null(json = plan_json(&plan));
    const json_t *relay = json_array_get(json_object_get(json, "relays"), 0);
    assert_true(json_is_null(json_object_get(relay, "machine")));
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(json, "clients"), 0), "path")));
    json_decref(json);
    plan_fini(&plan);
    scenario_inputs_fini(&inputs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(it_is_the_network_of_the_plan),
        cmocka_unit_test(machines_have_their_prices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
