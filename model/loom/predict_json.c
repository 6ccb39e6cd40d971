#include <jansson.h>

#include "loom/predict.h"

static json_t *work_json(const struct sim_prediction *found) {
    json_t *out = json_object();
    double cells = (double)found->cells;
#define X(name) json_object_set_new(out, #name, json_real((double)found->work.name / cells));
    WORK_LIST(X)
#undef X
    return out;
}

static json_t *utilisation_json(const struct predict_row *row) {
    json_t *connection = json_array();
    for (uint16_t i = 1; i < row->found.threads; i++)
        json_array_append_new(connection, json_real(predict_utilisation(row, i)));
    return json_pack("{s:f, s:o}", "main", predict_utilisation(row, 0), "connection", connection);
}

/* Null unless the load has a rate. */
static json_t *delay_json(const struct sim_prediction *found) {
    if (found->delay_p99 == 0)
        return json_null();
    return json_pack("{s:f, s:f, s:I}", "p50", (double)found->delay_median / 1e3, "p99",
                     (double)found->delay_p99 / 1e3, "cells_left_out", (json_int_t)found->left_out);
}

static json_t *bill_json(const struct predict_result *result, const struct predict_row *row) {
    double ns[COST_STAGES];
    json_t *out = json_object();
    predict_bill(&result->machine, row, ns);
    for (unsigned i = 0; i < COST_STAGES; i++)
        json_object_set_new(out, cost_stage_name((enum cost_stage)i), json_real(ns[i]));
    return out;
}

/* Null unless prices were drawn. */
static json_t *interval_json(const struct predict_row *row) {
    const struct predict_interval *cells = &row->cells_per_s, *cost = &row->cpu_ns_per_cell;
    if (!row->has_interval)
        return json_null();
    double mbit_a_cell = predict_mbit(row) / predict_cells_per_s(row);
    return json_pack("{s:[f, f], s:[f, f], s:[f, f]}", "cells_per_s", cells->low, cells->high, "mbit",
                     cells->low * mbit_a_cell, cells->high * mbit_a_cell, "cpu_ns_per_cell", cost->low,
                     cost->high);
}

static json_t *row_json(const struct predict_result *result, const struct predict_row *row) {
    const struct working_set *set = &row->found.set;
    return json_pack("{s:i, s:s, s:f, s:f, s:f, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I}, s:f, s:o, s:o, s:o}",
                     "threads", (int)row->threads, "mapping", cost_mapping_name(result->machine.cpu.mapping),
                     "cells_per_s", predict_cells_per_s(row), "mbit", predict_mbit(row), "cpu_ns_per_cell",
                     predict_cpu_ns_per_cell(row), "utilisation", utilisation_json(row), "work_per_cell",
                     work_json(&row->found), "working_set", "links", (json_int_t)set->links, "links_active",
                     (json_int_t)set->links_active, "halves", (json_int_t)set->halves, "halves_active",
                     (json_int_t)set->halves_active, "cells_waiting", (json_int_t)set->cells_waiting,
                     "measured_s", (double)row->found.time / 1e9, "delay_us", delay_json(&row->found), "bill",
                     bill_json(result, row), "interval", interval_json(row));
}

static json_t *load_json(const struct predict_options *o, enum link_cipher cipher) {
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s?}", "role",
                     o->role == PREDICT_EXIT ? "exit" : "middle", "cipher", link_cipher_name(cipher), "links",
                     (json_int_t)o->links, "circuits", (json_int_t)o->circuits, "run", (json_int_t)o->run,
                     "record_cells", (json_int_t)o->record_cells, "latency_us", (json_int_t)o->latency_us,
                     "seed", (json_int_t)o->seed, "rate", (json_int_t)o->rate, "generator", o->generator);
}

static json_t *result_json(const struct predict_options *o, const struct predict_result *result) {
    const struct predict_machine *machine = &result->machine;
    json_t *rows = json_array();
    for (uint32_t i = 0; i < result->row_count; i++)
        json_array_append_new(rows, row_json(result, &result->rows[i]));
    return json_pack("{s:s, s:s, s:b, s:s, s:i, s:i, s:o, s:o}", "profile", machine->profile.name, "machine",
                     machine->profile.machine, "calibrated", machine->profile.value.calibrated, "behaviour",
                     machine->cpu.behaviour == SIM_BEHAVE_TOR ? "tor" : "loom", "cores",
                     (int)machine->cpu.cores, "threads_per_core", (int)machine->cpu.threads_per_core, "load",
                     load_json(o, machine->cipher), "rows", rows);
}

bool predict_json_print(const struct predict_options *o, const struct predict_result *results, uint32_t count,
                        FILE *out) {
    json_t *json = count == 1 ? result_json(o, &results[0]) : json_array();
    for (uint32_t i = 0; count > 1 && i < count; i++)
        json_array_append_new(json, result_json(o, &results[i]));
    bool ok = json && json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 &&
              fputc('\n', out) != EOF;
    json_decref(json);
    return ok;
}
