/* load_delays - how long cells were under way: their median, 99th percentile and mean.
 *
 * Counts of buckets, each 1/64 of its power of two wide, so a quantile is right within 0.8 %; the mean is exact.
 * load_delay_slices takes a quantile in each of many short slices of time, and then the median of these. What threads waited for a core
 * that other programs had is felt for long when they are nearly always busy: slices are left out in which they waited, and after
 * these as many as leave enough others.
 * Owner: main. Memory: in place. */
#ifndef LOOM_LOAD_LOAD_DELAYS_H
#define LOOM_LOAD_LOAD_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"

#define LOAD_DELAYS_PARTS   64u /* of a power of two */
#define LOAD_DELAYS_POWERS  40u /* up to 2^40 ns, 18 minutes: longer ones count as that */
#define LOAD_DELAYS_BUCKETS (LOAD_DELAYS_PARTS * LOAD_DELAYS_POWERS)

struct load_delays {
    uint64_t counts[LOAD_DELAYS_BUCKETS];
    uint64_t count;
    nsec sum;
};

#define LOAD_DELAY_SLICE_NS   (10 * NSEC_PER_MS)
#define LOAD_DELAY_SLICES_MAX 2048u /* 20 s; later ones are left out */
/* Of a slice: more than threads wait that are woken thousands of times, and less than another program has a core at a time. */
#define LOAD_DELAY_WAITED_MAX   (NSEC_PER_MS / 2)
#define LOAD_DELAY_SLICES_LEAST 8u
#define LOAD_DELAY_AFTER_LEAST  1u /* slices that are left out after one in which they waited, */
#define LOAD_DELAY_AFTER_MOST   8u /* if there are so many */

struct load_waiting;

struct load_delay_slices {
    struct load_delays all, slice;      /* slice: the one that has begun */
    const struct load_waiting *waiting; /* of whose threads no one must have waited; NULL: nobody is asked */
    nsec ends_at;                       /* of that one; 0: none has */
    nsec waited;                        /* before that one */
    uint32_t since;                     /* slices that are over since threads waited */
    nsec median[LOAD_DELAY_SLICES_MAX], p99[LOAD_DELAY_SLICES_MAX];
    uint32_t after[LOAD_DELAY_SLICES_MAX]; /* so many slices since threads waited; 0: in this one */
    uint32_t count, undisturbed;           /* undisturbed: beyond LOAD_DELAY_AFTER_LEAST */
};

/* Borrows waiting. */
void load_delay_slices_begin(struct load_delay_slices *slices, const struct load_waiting *waiting);
/* A cell has arrived now. */
void load_delay_slices_add(struct load_delay_slices *slices, nsec now, nsec delay);
/* The medians over the slices that are longest after any waiting, at least LOAD_DELAY_SLICES_LEAST; over all when so many are not
 * undisturbed. 0 when no slice is whole. */
void load_delay_slices_medians(const struct load_delay_slices *slices, nsec *median_out, nsec *p99_out);

void load_delays_clear(struct load_delays *delays);
void load_delays_add(struct load_delays *delays, nsec delay);
/* The least delay that so many thousandths of all do not exceed: the middle of its bucket. 0 when there are none. */
nsec load_delays_quantile(const struct load_delays *delays, uint32_t permille);
nsec load_delays_mean(const struct load_delays *delays);

#endif
