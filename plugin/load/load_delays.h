/* load_delays - how long cells were under way: their median, 99th percentile and mean.
 *
 * Counts of buckets, each 1/64 of its power of two wide, so a quantile is right within 0.8 %; the mean is exact.
 * load_delay_slices takes a quantile in each of many short slices of time, and then the median of these: what the machine
 * does to a few of them with other work is not the relay's doing.
 * Owner: main. Memory: in place. */
#ifndef LOOM_LOAD_LOAD_DELAYS_H
#define LOOM_LOAD_LOAD_DELAYS_H

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

#define LOAD_DELAY_SLICE_NS   (50 * NSEC_PER_MS)
#define LOAD_DELAY_SLICES_MAX 1024u /* 51 s; later ones are left out */

struct load_delay_slices {
    struct load_delays all, slice; /* slice: the one that has begun */
    nsec ends_at;                  /* of that one; 0: none has */
    nsec median[LOAD_DELAY_SLICES_MAX], p99[LOAD_DELAY_SLICES_MAX];
    uint32_t count;
};

void load_delay_slices_clear(struct load_delay_slices *slices);
/* A cell has arrived now. */
void load_delay_slices_add(struct load_delay_slices *slices, nsec now, nsec delay);
/* The medians over the slices, which are sorted by it. 0 when no slice is whole. */
void load_delay_slices_medians(struct load_delay_slices *slices, nsec *median_out, nsec *p99_out);

void load_delays_clear(struct load_delays *delays);
void load_delays_add(struct load_delays *delays, nsec delay);
/* The least delay that so many thousandths of all do not exceed: the middle of its bucket. 0 when there are none. */
nsec load_delays_quantile(const struct load_delays *delays, uint32_t permille);
nsec load_delays_mean(const struct load_delays *delays);

#endif
