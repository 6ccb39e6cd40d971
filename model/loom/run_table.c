#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "files/file_text.h"
#include "loom/run.h"
#include "sim/results_statistics.h"

#define SEEDS_MAX   1000u
#define LABEL_WIDTH 46
#define CELL_WIDTH  20

/* Of one quantity, one arm: its mean over seeds, and that of its differences to the first arm; only what is there. */
struct cell {
    struct results_interval value, difference;
    bool has_value, has_difference;
};

static const struct results_quantity *quantity(const struct run_table *table, uint32_t seed, uint32_t arm,
                                               uint32_t index) {
    return &table->summaries[seed * table->arms + arm].quantities[index];
}

static struct cell cell_of(const struct run_table *table, uint32_t arm, uint32_t index) {
    double values[SEEDS_MAX], differences[SEEDS_MAX];
    size_t n = 0, pairs = 0;
    for (uint32_t seed = 0; seed < table->seeds && seed < SEEDS_MAX; seed++) {
        const struct results_quantity *first = quantity(table, seed, 0, index);
        const struct results_quantity *own = quantity(table, seed, arm, index);
        if (own->is_there)
            values[n++] = own->value;
        if (own->is_there && first->is_there)
            differences[pairs++] = own->value - first->value;
    }
    struct cell cell = {.has_value = n > 0, .has_difference = arm > 0 && pairs > 0};
    if (cell.has_value)
        cell.value = results_mean(values, n);
    if (cell.has_difference)
        cell.difference = results_mean(differences, pairs);
    return cell;
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

/* Three digits that mean something, whatever the unit. */
static int digits_of(double value) {
    double size = fabs(value);
    return size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 || size == 0 ? 3 : 5;
}

static void print_value(FILE *out, const struct cell *cell) {
    char text[32] = "-";
    if (cell->has_value)
        snprintf(text, sizeof(text), "%.*f", digits_of(cell->value.mean), cell->value.mean);
    fprintf(out, "%*s", CELL_WIDTH - 6, text);
}

/* "-0.012 [-0.020, -0.004]"; without an interval when there is one seed. */
static void print_difference(FILE *out, const struct cell *cell, bool is_prediction) {
    char text[64] = "-";
    const struct results_interval *d = &cell->difference;
    int digits = digits_of(d->mean);
    double half = is_prediction ? d->further_half : d->half;
    if (cell->has_difference && d->has_half)
        snprintf(text, sizeof(text), "%+.*f [%+.*f, %+.*f]", digits, d->mean, digits, d->mean - half, digits,
                 d->mean + half);
    else if (cell->has_difference)
        snprintf(text, sizeof(text), "%+.*f", digits, d->mean);
    fprintf(out, "  %-32s", text);
}

/* Every seed is another machine: what one more would give is asked, not what their mean is. */
static bool has_drawn(const struct run_table *table) {
    return table->inputs->scenario.hardware.prices == SCENARIO_PRICES_DRAWN;
}

static void print_row(const struct run_table *table, uint32_t index, FILE *out) {
    const struct results_quantity *q = quantity(table, 0, 0, index);
    fprintf(out, "%-*.*s %-9s", LABEL_WIDTH, LABEL_WIDTH, q->label, q->unit);
    for (uint32_t arm = 0; arm < table->arms; arm++) {
        struct cell cell = cell_of(table, arm, index);
        print_value(out, &cell);
        if (arm > 0)
            print_difference(out, &cell, has_drawn(table));
    }
    fputc('\n', out);
}

static void print_head(const struct run_table *table, FILE *out) {
    const struct scenario_arm *arms = table->inputs->scenario.arms.items;
    const char *note = plan_note(table->inputs);
    fprintf(out, "%s: %" PRIu32 " seeds from %" PRIu64 "; CPU prices: %s%s\n\n", table->inputs->scenario.name,
            table->seeds, table->first_seed, note, has_drawn(table) ? ", drawn for each seed" : "");
    fprintf(out, "%-*s %-9s", LABEL_WIDTH, note, "");
    for (uint32_t arm = 0; arm < table->arms; arm++) {
        fprintf(out, "%*.*s", CELL_WIDTH - 6, CELL_WIDTH - 7, arms[arm].name);
        if (arm > 0)
            fprintf(out, "  %-32s",
                    table->seeds == 1  ? "difference, one seed"
                    : has_drawn(table) ? "paired difference [95 % of seeds]"
                                       : "paired difference [95 %]");
    }
    fputc('\n', out);
}

/* Is the load what the scenario was made for? */
static void print_load(const struct run_table *table, FILE *out) {
    const struct scenario_load *load = &table->inputs->scenario.traffic.load;
    uint32_t index = 0;
    while (index < table->summaries[0].count && strcmp(quantity(table, 0, 0, index)->key, "written") != 0)
        index++;
    if (!load->written_mbit || index == table->summaries[0].count)
        return;
    struct cell cell = cell_of(table, 0, index);
    double asked = (double)load->written_mbit / 1e3;
    double off = cell.has_value ? 100.0 * (cell.value.mean / asked - 1.0) : -100.0;
    bool is_right = fabs(off) <= (double)load->tolerance_percent;
    fprintf(out,
            "load: all relays wrote %.3f Gbit/s, asked for were %.3f: %+.1f %%, %s the tolerance of %" PRIu64
            " %%\n",
            cell.value.mean, asked, off, is_right ? "within" : "BEYOND", load->tolerance_percent);
}

static void print_cpu_bound(const struct run_table *table, FILE *out) {
    const struct scenario_arm *arms = table->inputs->scenario.arms.items;
    for (uint32_t arm = 0; arm < table->arms; arm++) {
        uint64_t all = 0, bound = 0;
        for (uint32_t seed = 0; seed < table->seeds; seed++) {
            all += table->summaries[seed * table->arms + arm].relay_ns;
            bound += table->summaries[seed * table->arms + arm].cpu_bound_ns;
        }
        if (all > 0) /* where anybody measured it */
            fprintf(out, "CPU-bound: %.3f %% of the relays' time in %s\n",
                    100.0 * (double)bound / (double)all, arms[arm].name);
    }
}

void run_table_print(const struct run_table *table, FILE *out) {
    print_head(table, out);
    for (uint32_t i = 0; i < table->summaries[0].count; i++)
        print_row(table, i, out);
    fputc('\n', out);
    print_load(table, out);
    print_cpu_bound(table, out);
}

/* --- comparison.json ---------------------------------------------------------------------------------------------- */

static json_t *interval_json(const struct results_interval *interval, bool is_there) {
    if (!is_there)
        return json_null();
    return json_pack("{s:f, s:o, s:o}", "mean", interval->mean, "half",
                     interval->has_half ? json_real(interval->half) : json_null(), "further_half",
                     interval->has_half ? json_real(interval->further_half) : json_null());
}

static json_t *row_json(const struct run_table *table, uint32_t index) {
    const struct scenario_arm *arms = table->inputs->scenario.arms.items;
    const struct results_quantity *q = quantity(table, 0, 0, index);
    json_t *by_arm = json_object();
    for (uint32_t arm = 0; arm < table->arms; arm++) {
        struct cell cell = cell_of(table, arm, index);
        json_object_set_new(by_arm, arms[arm].name,
                            json_pack("{s:o, s:o}", "value", interval_json(&cell.value, cell.has_value),
                                      "difference", interval_json(&cell.difference, cell.has_difference)));
    }
    return json_pack("{s:s, s:s, s:s, s:o}", "key", q->key, "label", q->label, "unit", q->unit, "arms",
                     by_arm);
}

bool run_table_save(const struct run_table *table, const char *out, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    json_t *rows = json_array();
    for (uint32_t i = 0; i < table->summaries[0].count; i++)
        json_array_append_new(rows, row_json(table, i));
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:I, s:s, s:o}", "scenario", table->inputs->scenario.name, "prices",
                  plan_note(table->inputs), "first_seed", (json_int_t)table->first_seed, "seeds",
                  (json_int_t)table->seeds, "interval",
                  "half: of 95 %, Student's t over seeds; further_half: the same for one more seed",
                  "quantities", rows);
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(12)) : NULL;
    json_decref(json);
    if (!text)
        return mistake_at(mistake, out, 0, NULL, "no memory for the comparison");
    int n = snprintf(path, sizeof(path), "%s/comparison.json", out);
    bool ok = n > 0 && (size_t)n < sizeof(path)
                  ? file_text_save(path, text, strlen(text), mistake)
                  : mistake_at(mistake, out, 0, NULL, "expected a shorter name");
    free(text);
    return ok;
}
