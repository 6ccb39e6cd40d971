/* meter - runs every primitive in turn, again and again until the time is over, with the yardstick between them, and says what one
 * unit took.
 *
 * Of each batch there are two figures: as measured, and corrected, which is divided by what the yardsticks before and after it
 * took over the yardstick's best. Batches of one primitive lie all over the time, so a bad minute hits none alone.
 * Thread: the main thread. Memory: METER_BATCHES_MAX figures a primitive. */
#ifndef LOOM_PRIMITIVES_METER_H
#define LOOM_PRIMITIVES_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "primitives/primitive.h"
#include "primitives/yardstick.h"

#define METER_BATCHES_MAX 4096u

/* Nanoseconds of one unit. */
struct meter_figure {
    double least, lower, median, upper; /* lower, upper: the quartiles */
};

struct meter_result {
    const struct primitive *primitive;
    const char *missing; /* why it could not be measured; NULL: it was */
    uint32_t batches;
    uint64_t units_a_batch;
    struct meter_figure corrected, raw;
};

struct meter_yardstick {
    uint32_t readings;
    double best[YARDSTICK_PARTS], median[YARDSTICK_PARTS]; /* nanoseconds */
    double total_best, total_median, total_worst;          /* worst: nine in ten are quicker */
};

struct meter_options {
    nsec length;      /* of all; each primitive is run once at least */
    nsec batch;       /* about so long is a batch */
    const char *only; /* what --list names and begins so; NULL: all */
    bool is_quiet;    /* no progress on standard error */
};

/* One for each primitive chosen; *count_out of them, to be freed by the caller. */
MUST_USE struct meter_result *meter_run(const struct meter_options *options,
                                        struct meter_yardstick *yardstick_out, size_t *count_out);

/* least, quartiles and median of count values, at least one, which are put in order. */
struct meter_figure meter_figure_of(double *values, uint32_t count);

#endif
