#include "loom/predict_sensitivity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* --- variants ------------------------------------------------------------------------------------------------------- */

static const struct predict_machine *machine_of(const struct sensitivity *s, uint32_t variant) {
    return &s->machines[variant / s->options->thread_count];
}

static uint16_t threads_of(const struct sensitivity *s, uint32_t variant) {
    return s->options->threads[variant % s->options->thread_count];
}

static bool run(const struct sensitivity *s, uint32_t variant, const struct predict_machine *machine,
                struct predict_row *out, struct mistake *mistake) {
    return predict_row_make(s->options, machine, threads_of(s, variant), out, mistake);
}

/* --- numbers -------------------------------------------------------------------------------------------------------- */

static const struct cost_table *end_of(const struct cost_profile *profile, enum sensitivity_end end) {
    return end == SENSITIVITY_LEAST ? &profile->least : &profile->most;
}

static bool has_interval(const struct cost_profile *profile, uint32_t number) {
    return price_number_get(&profile->least, number) != price_number_get(&profile->most, number);
}

/* Whether more than nothing is priced by number: what is no counter always is. */
static bool has_work(const struct work *work, uint32_t number) {
    const char *name = price_number_name(number);
    bool is_counted = false;
#define X(counter) is_counted |= strcmp(name, #counter) == 0;
    WORK_LIST(X)
#undef X
#define X(counter)                   \
    if (strcmp(name, #counter) == 0) \
        return work->counter > 0;
    WORK_LIST(X)
#undef X
    return !is_counted;
}

static bool may_matter(const struct sensitivity *s, const struct predict_row *bases, uint32_t number) {
    for (uint32_t i = 0; i < s->variants; i++)
        if (has_interval(&machine_of(s, i)->profile, number) && has_work(&bases[i].found.work, number))
            return true;
    return false;
}

double sensitivity_ratio(const struct sensitivity *s, const double cells_per_s[static 1]) {
    return cells_per_s[s->variants - 1] / cells_per_s[0];
}

double sensitivity_weigh(const struct sensitivity *s, const struct sensitivity_number *number) {
    const double *least = number->cells_per_s[SENSITIVITY_LEAST],
                 *most = number->cells_per_s[SENSITIVITY_MOST];
    if (s->variants == 1)
        return fabs(least[0] - most[0]) / s->base[0];
    return fabs(sensitivity_ratio(s, least) - sensitivity_ratio(s, most)) / sensitivity_ratio(s, s->base);
}

static int heaviest_first(const void *a, const void *b) {
    const struct sensitivity_number *x = a, *y = b;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* --- runs ----------------------------------------------------------------------------------------------------------- */

struct meter {
    sensitivity_progress *progress;
    void *context;
    uint32_t done, all;
};

static void count(struct meter *meter) {
    meter->done++;
    if (meter->progress)
        meter->progress(meter->context, meter->done, meter->all);
}

static bool try_end(const struct sensitivity *s, struct sensitivity_number *number, enum sensitivity_end end,
                    struct meter *meter, struct mistake *mistake) {
    for (uint32_t i = 0; i < s->variants; i++) {
        struct predict_row row;
        struct predict_machine machine = *machine_of(s, i);
        uint64_t value = price_number_get(end_of(&machine.profile, end), number->number);
        price_number_set(&machine.profile.value, number->number, value);
        if (!run(s, i, &machine, &row, mistake))
            return false;
        number->cells_per_s[end][i] = predict_cells_per_s(&row);
        count(meter);
    }
    return true;
}

static bool make_base(struct sensitivity *s, struct predict_row *bases, struct meter *meter,
                      struct mistake *mistake) {
    for (uint32_t i = 0; i < s->variants; i++) {
        if (!run(s, i, machine_of(s, i), &bases[i], mistake))
            return false;
        s->base[i] = predict_cells_per_s(&bases[i]);
        count(meter);
    }
    return true;
}

static void choose_numbers(struct sensitivity *s, const struct predict_row *bases) {
    CHECK(price_numbers_count() <= SENSITIVITY_NUMBERS_MAX);
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        if (may_matter(s, bases, i))
            s->numbers[s->count++].number = i;
}

static bool make(struct sensitivity *s, struct predict_row *bases, struct meter *meter,
                 struct mistake *mistake) {
    if (!make_base(s, bases, meter, mistake))
        return false;
    choose_numbers(s, bases);
    meter->all = (1 + 2 * s->count) * s->variants;
    for (uint32_t i = 0; i < s->count; i++) {
        struct sensitivity_number *number = &s->numbers[i];
        if (!try_end(s, number, SENSITIVITY_LEAST, meter, mistake) ||
            !try_end(s, number, SENSITIVITY_MOST, meter, mistake))
            return false;
        number->weight = sensitivity_weigh(s, number);
    }
    qsort(s->numbers, s->count, sizeof(s->numbers[0]), heaviest_first);
    return true;
}

bool sensitivity_make(const struct predict_options *options, const struct predict_machine *machines,
                      struct sensitivity *out, sensitivity_progress *progress, void *context,
                      struct mistake *mistake) {
    uint32_t variants = options->profile_count * options->thread_count;
    struct meter meter = {progress, context, 0, (1 + 2 * price_numbers_count()) * variants};
    *out = (struct sensitivity){.options = options, .machines = machines, .variants = variants};
    if (variants > SENSITIVITY_VARIANTS_MAX)
        return mistake_at(mistake, "loom predict", 0, "sensitivity", "expected at most %u variants, found %u",
                          SENSITIVITY_VARIANTS_MAX, variants);
    struct predict_row *bases = calloc(variants, sizeof(*bases));
    bool ok = bases ? make(out, bases, &meter, mistake)
                    : mistake_at(mistake, "loom predict", 0, "sensitivity", "no memory for it");
    free(bases);
    return ok;
}
