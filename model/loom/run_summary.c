/* summary.json of an experiment that asks for a sustained throughput: of each architecture and number of threads, over
 * its seeds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "files/file_text.h"
#include "loom/run.h"
#include "sim/results_statistics.h"

#define SEEDS_MAX 1000u

static const struct scenario_arm *arm_at(const struct run_table *table, uint32_t arm) {
    return (const struct scenario_arm *)table->inputs->scenario.arms.items + arm;
}

/* Mean, least, most and the half of the 95 % interval, of what seeds gave; null when there is nothing. */
static json_t *over_seeds(const struct run_table *table, uint32_t arm, const char *key) {
    double values[SEEDS_MAX];
    size_t n = 0;
    json_t *all = json_array();
    for (uint32_t seed = 0; seed < table->seeds && seed < SEEDS_MAX; seed++) {
        const struct results_quantity *q =
            results_summary_find(&table->summaries[seed * table->arms + arm], key);
        if (!q || !q->is_there)
            continue;
        values[n++] = q->value;
        json_array_append_new(all, json_real(q->value));
    }
    if (n == 0) {
        json_decref(all);
        return json_null();
    }
    struct results_interval mean = results_mean(values, n);
    double least = values[0], most = values[0];
    for (size_t i = 1; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        most = values[i] > most ? values[i] : most;
    }
    return json_pack("{s:f, s:f, s:f, s:o, s:o}", "mean", mean.mean, "min", least, "max", most, "half",
                     mean.has_half ? json_real(mean.half) : json_null(), "values", all);
}

/* Arms whose uploads end with their files are for times, not for a throughput that lasts. */
static bool is_of(const struct scenario_arm *arm, bool is_tor) {
    return arm->relays && arm->percent == 100 && arm->goes_on && (arm->prices == SCENARIO_OF_TOR) == is_tor;
}

/* vanilla: a value; poc and full: one for each number of threads. */
static json_t *by_architecture(const struct run_table *table, const char *key, bool is_tor) {
    json_t *out = json_object();
    for (uint32_t i = 0; i < table->arms; i++) {
        const struct scenario_arm *arm = arm_at(table, i);
        char threads[24];
        if (!is_of(arm, is_tor))
            continue;
        const char *name = cost_mapping_name((enum cost_mapping)arm->architecture);
        if (arm->architecture == COST_VANILLA) {
            json_object_set_new(out, name, over_seeds(table, i, key));
            continue;
        }
        if (!json_object_get(out, name))
            json_object_set_new(out, name, json_object());
        snprintf(threads, sizeof(threads), "%" PRIu64, arm->threads);
        json_object_set_new(json_object_get(out, name), threads, over_seeds(table, i, key));
    }
    return out;
}

static json_t *summary(const struct run_table *table) {
    const struct scenario_outputs *outputs = &table->inputs->scenario.outputs;
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:s, s:o, s:o, s:o, s:o}", "scenario",
                     table->inputs->scenario.name, "prices", plan_note(table->inputs), "relay",
                     outputs->sustained, "window_s", (json_int_t)outputs->sustained_window_s, "skip_s",
                     (json_int_t)outputs->sustained_skip_s, "first_seed", (json_int_t)table->first_seed,
                     "seeds", (json_int_t)table->seeds, "interval",
                     "min and max over seeds; half of 95 %, Student's t", "counts",
                     "max_sustained: bytes of cells received and sent, added; max_relayed: those sent alone",
                     "max_sustained_mbit", by_architecture(table, "sustained", true), "max_relayed_mbit",
                     by_architecture(table, "relayed", true), "max_sustained_mbit_at_prices_of_loom",
                     by_architecture(table, "sustained", false), "max_relayed_mbit_at_prices_of_loom",
                     by_architecture(table, "relayed", false));
}

bool run_summary_save(const struct run_table *table, const char *out, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    if (!table->inputs->scenario.outputs.sustained)
        return true;
    json_t *json = summary(table);
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(json);
    if (!text)
        return mistake_at(mistake, out, 0, NULL, "no memory for the summary");
    int n = snprintf(path, sizeof(path), "%s/summary.json", out);
    bool ok = n > 0 && (size_t)n < sizeof(path)
                  ? file_text_save(path, text, strlen(text), mistake)
                  : mistake_at(mistake, out, 0, NULL, "expected a shorter name");
    free(text);
    return ok;
}
