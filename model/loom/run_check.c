#include <inttypes.h>

#include "loom/run.h"

static json_t *arms_json(const struct experiment *e) {
    json_t *arms = json_array();
    for (uint32_t i = 0; i < e->arms; i++)
        json_array_append_new(arms, json_string(experiment_arm(e, i)->name));
    return arms;
}

/* Seeds of which every run is there. */
static json_t *whole_seeds_json(const struct experiment *e) {
    json_t *seeds = json_array();
    for (uint32_t seed = 0; seed < e->seeds; seed++) {
        uint32_t there = 0;
        for (uint32_t arm = 0; arm < e->arms; arm++)
            there += e->summaries[seed * e->arms + arm].quantities != NULL;
        if (there == e->arms)
            json_array_append_new(seeds, json_integer((json_int_t)(e->first_seed + seed)));
    }
    return seeds;
}

bool run_check_print(const struct experiment *e, FILE *out, struct mistake *mistake) {
    const struct scenario *s = &e->inputs.scenario;
    const struct run_options free_choice = {.scenario = NULL};
    struct run_shape shape = run_shape_choose(&free_choice, UINT32_MAX, e->hosts);
    json_t *json = json_pack("{s:s, s:I, s:I, s:o, s:I, s:I, s:I, s:o}", "scenario", s->name, "first_seed",
                             (json_int_t)e->first_seed, "seeds", (json_int_t)e->seeds, "arms", arms_json(e),
                             "warm_up_s", (json_int_t)s->warm_up_s, "duration_s", (json_int_t)s->duration_s,
                             "at_once", (json_int_t)shape.at_once, "seeds_there", whole_seeds_json(e));
    bool ok = json && json_dumpf(json, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF;
    json_decref(json);
    return ok || mistake_at(mistake, e->inputs.file_name, 0, NULL, "what would be run cannot be printed");
}
