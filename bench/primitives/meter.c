#include "primitives/meter.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/turn_clock.h"

#define UNITS_MAX      (UINT64_C(1) << 24)
#define PROGRESS_EVERY (5 * NSEC_PER_S)
#define WARM_UP        8u /* part of a batch that runs before it, untimed */
#define BEST_OF        50u /* the best is what one reading in so many is quicker than: a single one may be luck */

/* One primitive on its way. */
struct subject {
    struct meter_result result;
    void *state;
    double *figures, *ratios; /* of each batch: as measured; the yardsticks around it */
};

struct meter {
    const struct meter_options *options;
    struct yardstick *yardstick;
    struct subject *subjects;
    size_t count;
    double *totals, *parts[YARDSTICK_PARTS]; /* of each reading of the yardstick */
    uint32_t readings, readings_room;
    double last; /* total of the last reading */
    nsec started, told;
};

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, uint32_t count, double share) {
    double place = share * (double)(count - 1);
    uint32_t below = (uint32_t)place;
    double rest = place - (double)below;
    return below + 1 < count ? sorted[below] * (1 - rest) + sorted[below + 1] * rest : sorted[count - 1];
}

struct meter_figure meter_figure_of(double *values, uint32_t count) {
    CHECK(count > 0);
    qsort(values, count, sizeof *values, compare);
    return (struct meter_figure){.least = values[0],
                                 .lower = quantile(values, count, 0.25),
                                 .median = quantile(values, count, 0.5),
                                 .upper = quantile(values, count, 0.75)};
}

static void read_yardstick(struct meter *m) {
    struct yardstick_reading reading;
    yardstick_read(m->yardstick, &reading);
    m->last = (double)yardstick_total(&reading);
    if (m->readings == m->readings_room)
        return;
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++)
        m->parts[i][m->readings] = (double)reading.part[i];
    m->totals[m->readings++] = m->last;
}

/* Double the units until a batch is long enough. */
static void choose_units(struct subject *s, nsec batch) {
    uint64_t units = 1, done;
    for (;;) {
        nsec took = s->result.primitive->run(s->state, units, &done);
        if (took >= batch / 2 || units >= UNITS_MAX)
            break;
        units *= 2;
    }
    s->result.units_a_batch = units;
}

static void begin_subject(struct meter *m, struct subject *s, const struct primitive *primitive) {
    const char *reason = "it could not begin";
    s->result.primitive = primitive;
    s->state = primitive->begin(primitive, &reason);
    s->result.missing = s->state ? NULL : reason;
    if (!s->state)
        return;
    s->figures = heap_new(METER_BATCHES_MAX * sizeof *s->figures);
    s->ratios = heap_new(METER_BATCHES_MAX * sizeof *s->ratios);
    choose_units(s, m->options->batch);
}

static void measure(struct meter *m, struct subject *s) {
    uint64_t done;
    if (!s->state || s->result.batches == METER_BATCHES_MAX)
        return;
    if (s->result.units_a_batch >= WARM_UP)
        (void)s->result.primitive->run(s->state, s->result.units_a_batch / WARM_UP, &done);
    double before = m->last;
    nsec took = s->result.primitive->run(s->state, s->result.units_a_batch, &done);
    CHECK(done > 0);
    read_yardstick(m);
    s->figures[s->result.batches] = (double)took / (double)done;
    s->ratios[s->result.batches++] = (before + m->last) / 2;
}

static void end_subject(struct subject *s, double best) {
    struct meter_result *r = &s->result;
    if (!s->state)
        return;
    r->primitive->end(s->state);
    for (uint32_t i = 0; i < r->batches; i++)
        s->ratios[i] = s->figures[i] * best / s->ratios[i];
    r->raw = meter_figure_of(s->figures, r->batches);
    r->corrected = meter_figure_of(s->ratios, r->batches);
    free(s->figures);
    free(s->ratios);
}

static void begin_all(struct meter *m) {
    size_t all = primitives_count();
    m->subjects = heap_new(all * sizeof *m->subjects);
    for (size_t i = 0; i < all; i++)
        if (primitive_is_chosen(primitives_at(i), m->options->only))
            begin_subject(m, &m->subjects[m->count++], primitives_at(i));
    m->readings_room = (uint32_t)(m->count + 1) * METER_BATCHES_MAX;
    m->totals = heap_new_untouched(m->readings_room * sizeof *m->totals);
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++)
        m->parts[i] = heap_new_untouched(m->readings_room * sizeof *m->parts[i]);
}

static void tell(struct meter *m, unsigned round) {
    nsec now = monotonic_read();
    if (m->options->is_quiet || now - m->told < PROGRESS_EVERY)
        return;
    m->told = now;
    fprintf(stderr, "primitives: %" PRIu64 " of %" PRIu64 " s, round %u\n", (now - m->started) / NSEC_PER_S,
            m->options->length / NSEC_PER_S, round);
}

static void yardstick_figures(struct meter *m, struct meter_yardstick *out) {
    out->readings = m->readings;
    qsort(m->totals, m->readings, sizeof *m->totals, compare);
    out->total_best = quantile(m->totals, m->readings, 1.0 / BEST_OF);
    out->total_median = quantile(m->totals, m->readings, 0.5);
    out->total_worst = quantile(m->totals, m->readings, 0.9);
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++) {
        qsort(m->parts[i], m->readings, sizeof *m->parts[i], compare);
        out->best[i] = quantile(m->parts[i], m->readings, 1.0 / BEST_OF);
        out->median[i] = quantile(m->parts[i], m->readings, 0.5);
        free(m->parts[i]);
    }
    free(m->totals);
}

struct meter_result *meter_run(const struct meter_options *options, struct meter_yardstick *yardstick_out,
                               size_t *count_out) {
    struct meter m = {.options = options, .yardstick = yardstick_new()};
    m.started = m.told = monotonic_read();
    begin_all(&m);
    read_yardstick(&m);
    for (unsigned round = 1; round == 1 || monotonic_read() - m.started < options->length; round++) {
        for (size_t i = 0; i < m.count; i++)
            measure(&m, &m.subjects[i]);
        if (m.count == 0)
            read_yardstick(&m);
        tell(&m, round);
    }
    yardstick_figures(&m, yardstick_out);
    struct meter_result *results = heap_new((m.count + 1) * sizeof *results);
    for (size_t i = 0; i < m.count; i++) {
        end_subject(&m.subjects[i], yardstick_out->total_best);
        results[i] = m.subjects[i].result;
    }
    free(m.subjects);
    yardstick_free(m.yardstick);
    *count_out = m.count;
    return results;
}
