#include "sim/results_resume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/results.h"
#include "sim/results_folder.h"

static json_t *load(const char *folder, const char *name) {
    char path[RESULTS_PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    return n > 0 && (size_t)n < sizeof(path) ? json_load_file(path, 0, NULL) : NULL;
}

/* The manifest has all that a run depends on: the scenario with its defaults, hashes of inputs, seed and arm. */
static bool is_of(const char *folder, const struct plan *plan) {
    const struct results_source source = {.plan = plan};
    json_t *written = load(folder, "manifest.json");
    json_t *wanted = results_manifest(&source);
    bool same = written && wanted && json_equal(written, wanted);
    json_decref(written);
    json_decref(wanted);
    return same;
}

/* A text that fits into room bytes. */
static bool take_text(const json_t *object, const char *key, char *out, size_t room) {
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || strlen(text) >= room)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool take_quantity(const json_t *json, struct results_quantity *out) {
    const json_t *value = json_object_get(json, "value");
    out->is_there = json_is_number(value);
    out->value = json_number_value(value);
    return take_text(json, "key", out->key, sizeof(out->key)) &&
           take_text(json, "label", out->label, sizeof(out->label)) &&
           take_text(json, "unit", out->unit, sizeof(out->unit)) && (out->is_there || json_is_null(value));
}

static bool take_quantities(const json_t *array, struct results_summary *out) {
    size_t n = json_array_size(array);
    out->quantities = calloc(n + 1, sizeof(*out->quantities));
    for (; out->quantities && out->count < n; out->count++)
        if (!take_quantity(json_array_get(array, out->count), &out->quantities[out->count]))
            return false;
    return out->quantities && n > 0;
}

static bool take_number(const json_t *object, const char *key, uint64_t *out) {
    const json_t *value = json_object_get(object, key);
    *out = (uint64_t)json_integer_value(value);
    return json_is_integer(value);
}

static bool take_summary(const json_t *json, struct results_summary *out) {
    const json_t *outcomes = json_object_get(json, "outcomes");
    *out = (struct results_summary){.count = 0};
    for (unsigned i = 0; i < RESULTS_OUTCOMES; i++)
        if (!take_number(outcomes, sim_outcome_name((enum sim_outcome)i), &out->outcomes[i]))
            return false;
    return take_number(json, "relay_ns", &out->relay_ns) &&
           take_number(json, "cpu_bound_ns", &out->cpu_bound_ns) &&
           take_quantities(json_object_get(json, "quantities"), out);
}

bool results_resume(const char *path, const struct plan *plan, struct results_summary *out) {
    if (!is_of(path, plan))
        return false;
    json_t *json = load(path, "summary.json");
    bool ok = take_summary(json, out);
    if (!ok)
        results_summary_fini(out);
    json_decref(json);
    return ok;
}
