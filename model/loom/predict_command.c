/* loom predict: one relay on the machine of a profile, simulated under a load. */
#include <stdlib.h>

#include "loom/commands.h"
#include "loom/predict.h"
#include "loom/predict_sensitivity.h"
#include "loom/run.h"

struct predictions {
    const struct predict_options *options;
    struct predict_result *results; /* options->profile_count */
    struct run_progress progress;
    uint32_t done;
};

static bool make_rows(struct predictions *p, struct predict_result *result, struct mistake *mistake) {
    const struct predict_options *o = p->options;
    uint32_t all = o->profile_count * o->thread_count;
    for (uint32_t i = 0; i < o->thread_count; i++) {
        if (!predict_row_make(o, &result->machine, o->threads[i], &result->rows[i], mistake) ||
            (o->draws > 0 && !predict_row_draw(o, &result->machine, &result->rows[i], mistake)))
            return false;
        result->row_count = i + 1;
        p->done++;
        if (p->done < all)
            run_progress_show(&p->progress, (double)p->done / all, result->machine.profile.name);
    }
    return true;
}

static bool make_all(struct predictions *p, struct mistake *mistake) {
    const struct predict_options *o = p->options;
    for (uint32_t i = 0; i < o->profile_count; i++)
        if (!predict_machine_read(o, o->profiles[i], &p->results[i].machine, mistake))
            return false;
    run_progress_begin(&p->progress);
    for (uint32_t i = 0; i < o->profile_count; i++)
        if (!make_rows(p, &p->results[i], mistake))
            return false;
    run_progress_clear(&p->progress);
    return true;
}

static bool print(const struct predictions *p) {
    const struct predict_options *o = p->options;
    if (o->wants_json)
        return predict_json_print(o, p->results, o->profile_count, stdout);
    for (uint32_t i = 0; i < o->profile_count; i++) {
        if (i > 0)
            putchar('\n');
        predict_table_print(o, &p->results[i], stdout);
    }
    if (o->wants_bill)
        predict_bill_print(p->results, o->profile_count, stdout);
    return true;
}

int predict_command(int argc, char *argv[]) {
    struct predict_options options;
    struct mistake mistake = {""};
    if (!predict_options_read(argc, argv, &options))
        return COMMAND_USAGE;
    if (options.wants_help) {
        fputs(predict_usage, stdout);
        return COMMAND_OK;
    }
    if (options.profile_count == 0 && !predict_profiles_all(&options, &mistake)) {
        fprintf(stderr, "%s\n", mistake.text);
        return COMMAND_FAILED;
    }
    if (options.wants_sensitivity)
        return predict_sensitivity_command(&options);
    struct predictions p = {.options = &options,
                            .results = calloc(options.profile_count, sizeof(struct predict_result))};
    bool ok = p.results ? make_all(&p, &mistake) && print(&p) &&
                              (!options.picture || predict_picture_draw(&options, p.results, &mistake))
                        : mistake_at(&mistake, "loom predict", 0, NULL, "no memory for it");
    free(p.results);
    if (ok)
        return COMMAND_OK;
    fprintf(stderr, "%s\n", mistake.text);
    return COMMAND_FAILED;
}
