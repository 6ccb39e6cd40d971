/* loom predict --sensitivity. */
#include <stdlib.h>

#include "loom/commands.h"
#include "loom/predict_sensitivity.h"
#include "loom/run.h"

static void show(void *context, uint32_t done, uint32_t all) {
    if (done < all)
        run_progress_show(context, (double)done / all, "sensitivity");
}

static bool print(const struct sensitivity *s) {
    if (s->options->wants_json)
        return sensitivity_print_json(s, stdout);
    sensitivity_print(s, stdout);
    return true;
}

static bool work(const struct predict_options *o, struct predict_machine *machines, struct sensitivity *s,
                 struct mistake *mistake) {
    struct run_progress progress;
    for (uint32_t i = 0; i < o->profile_count; i++)
        if (!predict_machine_read(o, o->profiles[i], &machines[i], mistake))
            return false;
    run_progress_begin(&progress);
    if (!sensitivity_make(o, machines, s, show, &progress, mistake))
        return false;
    run_progress_clear(&progress);
    return print(s);
}

int predict_sensitivity_command(const struct predict_options *options) {
    struct mistake mistake = {""};
    struct predict_machine *machines = calloc(options->profile_count, sizeof(*machines));
    struct sensitivity *s = calloc(1, sizeof(*s));
    bool ok = machines && s ? work(options, machines, s, &mistake)
                            : mistake_at(&mistake, "loom predict", 0, NULL, "no memory for it");
    free(machines);
    free(s);
    if (ok)
        return COMMAND_OK;
    fprintf(stderr, "%s\n", mistake.text);
    return COMMAND_FAILED;
}
