/* A sensitivity as a table, and as JSON for loom_analysis.tornado. */
#include <inttypes.h>
#include <jansson.h>

#include "loom/predict_sensitivity.h"

static void print_variants(const struct sensitivity *s, FILE *out) {
    const struct predict_options *o = s->options;
    for (uint32_t i = 0; i < s->variants; i++) {
        const struct predict_machine *machine = &s->machines[i / o->thread_count];
        fprintf(out, "%-24s %2u threads  %10.0f cells/s  (%s)\n", machine->profile.name,
                o->threads[i % o->thread_count], s->base[i], cost_profile_note(&machine->profile));
    }
    if (s->variants > 1)
        fprintf(out, "the last by the first      %10.3f\n", sensitivity_ratio(s, s->base));
}

static double percent(double value, double base) {
    return 100 * (value / base - 1);
}

static void print_number(const struct sensitivity *s, const struct sensitivity_number *number, FILE *out) {
    const double *least = number->cells_per_s[SENSITIVITY_LEAST],
                 *most = number->cells_per_s[SENSITIVITY_MOST];
    uint32_t last = s->variants - 1;
    fprintf(out, "%-22s %-13s %+7.1f %% %+7.1f %%", price_number_name(number->number),
            price_source_name(price_number_source(number->number)), percent(least[last], s->base[last]),
            percent(most[last], s->base[last]));
    if (s->variants > 1)
        fprintf(out, " %9.3f %9.3f", sensitivity_ratio(s, least), sensitivity_ratio(s, most));
    fputc('\n', out);
}

void sensitivity_print(const struct sensitivity *s, FILE *out) {
    print_variants(s, out);
    fprintf(out, "\n%-22s %-13s %9s %9s", "number", "source", "least", "most");
    if (s->variants > 1)
        fprintf(out, " %9s %9s", "ratio", "ratio");
    fputc('\n', out);
    for (uint32_t i = 0; i < s->count; i++)
        print_number(s, &s->numbers[i], out);
}

static json_t *reals_json(const double *values, uint32_t n) {
    json_t *array = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(array, json_real(values[i]));
    return array;
}

static json_t *variants_json(const struct sensitivity *s) {
    const struct predict_options *o = s->options;
    json_t *array = json_array();
    for (uint32_t i = 0; i < s->variants; i++) {
        const struct predict_machine *machine = &s->machines[i / o->thread_count];
        json_array_append_new(array,
                              json_pack("{s:s, s:i, s:s, s:b, s:f}", "profile", machine->profile.name,
                                        "threads", (int)o->threads[i % o->thread_count], "mapping",
                                        cost_mapping_name(machine->cpu.mapping), "calibrated",
                                        (int)machine->profile.value.calibrated, "cells_per_s", s->base[i]));
    }
    return array;
}

static json_t *number_json(const struct sensitivity *s, const struct sensitivity_number *number) {
    return json_pack("{s:s, s:s, s:f, s:{s:o, s:o}}", "name", price_number_name(number->number), "source",
                     price_source_name(price_number_source(number->number)), "weight", number->weight,
                     "cells_per_s", "least", reals_json(number->cells_per_s[SENSITIVITY_LEAST], s->variants),
                     "most", reals_json(number->cells_per_s[SENSITIVITY_MOST], s->variants));
}

bool sensitivity_print_json(const struct sensitivity *s, FILE *out) {
    json_t *numbers = json_array();
    for (uint32_t i = 0; i < s->count; i++)
        json_array_append_new(numbers, number_json(s, &s->numbers[i]));
    json_t *json = json_pack("{s:o, s:f, s:o}", "variants", variants_json(s), "ratio",
                             sensitivity_ratio(s, s->base), "numbers", numbers);
    bool ok = json && json_dumpf(json, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0 &&
              fputc('\n', out) != EOF;
    json_decref(json);
    return ok;
}
