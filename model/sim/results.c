#include "sim/results.h"

#include "cost/price_numbers.h"
#include "sim/scenario_sample.h"

#define PROGRAM "loom 0.1.0"

static json_t *inputs_json(const struct scenario_inputs *inputs) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct scenario_input *input = &inputs->inputs[i];
        json_array_append_new(array, json_pack("{s:s, s:s, s:I, s:s}", "key", input->key, "name", input->name,
                                               "bytes", (json_int_t)input->bytes, "sha256", input->sha256));
    }
    return array;
}

static json_t *roles_json(const struct plan *plan) {
    json_t *object = json_object();
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        json_int_t n = 0;
        for (uint32_t i = 0; i < plan->config.relay_count; i++)
            n += plan->relays[i].role == (enum relay_role)role;
        json_object_set_new(object, relay_role_name((enum relay_role)role), json_integer(n));
    }
    return object;
}

static json_t *steps_json(const struct plan *plan) {
    bool is_sampled = plan->inputs->scenario.network.scale_permille < 1000;
    return is_sampled ? json_pack("[s, s, s, s]", "roles by flags", "order by weight",
                                  "bins of equal length in each role", "the median relay of each bin")
                      : json_pack("[s]", "all relays of the table");
}

static json_t *network_json(const struct plan *plan) {
    json_int_t loom = 0;
    for (uint32_t i = 0; i < plan->config.relay_count; i++)
        loom += plan->relays[i].is_loom;
    return json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:o}", "relays_of_table",
                     (json_int_t)plan->inputs->relays.count, "relays", (json_int_t)plan->config.relay_count,
                     "relays_that_run_loom", loom, "roles", roles_json(plan), "clients",
                     (json_int_t)plan->config.client_count, "servers", (json_int_t)plan->config.server_count,
                     "sampling", steps_json(plan));
}

static json_t *times_json(const struct plan *plan) {
    const struct sim_config *config = &plan->config;
    nsec series = plan->inputs->scenario.outputs.series_ms * NSEC_PER_MS;
    return json_pack("{s:I, s:I, s:I, s:I, s:I}", "bootstrap_end_ns", (json_int_t)config->bootstrap_end,
                     "measure_from_ns", (json_int_t)config->measure_from, "end_ns", (json_int_t)config->end,
                     "sample_ns", (json_int_t)config->sample_interval, "series_ns", (json_int_t)series);
}

static json_t *table_json(const struct cost_table *table) {
    json_t *object = json_object();
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        json_object_set_new(object, price_number_name(i),
                            json_integer((json_int_t)price_number_get(table, i)));
    return object;
}

/* What the seed drew; null when prices are those of the profiles. */
static json_t *drawn_json(const struct plan *plan) {
    if (plan->inputs->scenario.hardware.prices != SCENARIO_PRICES_DRAWN)
        return json_null();
    return json_pack("{s:o, s:o}", "tor", table_json(&plan->tor.value), "loom",
                     table_json(&plan->loom.value));
}

json_t *results_manifest(const struct results_source *source) {
    const struct plan *plan = source->plan;
    const struct scenario *scenario = &plan->inputs->scenario;
    return json_pack("{s:i, s:s, s:s, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "format", RESULTS_FORMAT,
                     "program", PROGRAM, "scenario", scenario->name, "seed", (json_int_t)plan->seed, "arm",
                     plan->arm->name, "prices", plan_note(plan->inputs), "drawn_prices", drawn_json(plan),
                     "times", times_json(plan), "network", network_json(plan), "inputs",
                     inputs_json(plan->inputs), "config", record_json(&scenario_record, scenario));
}

bool results_write(struct results_folder *folder, const struct results_source *source,
                   const struct results_summary *summary, struct mistake *mistake) {
    return results_folder_put_json(folder, "manifest.json", results_manifest(source), true, mistake) &&
           results_folder_put_json(folder, "summary.json", results_summary_json(source, summary), true,
                                   mistake) &&
           results_write_series(folder, source, mistake) && results_write_plots(folder, source, mistake) &&
           results_write_observed(folder, source, mistake);
}
