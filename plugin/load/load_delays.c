#include "load/load_delays.h"

#include <stdlib.h>

#include "base/check.h"
#include "load/load_waiting.h"

#define PERMILLE 1000u

#define SLICE_LEAST 100u /* cells, for a 99th percentile */

void load_delays_clear(struct load_delays *delays) {
    *delays = (struct load_delays){.count = 0};
}

/* Below LOAD_DELAYS_PARTS each nanosecond has its bucket; above, bucket p * PARTS + i begins at (PARTS + i) << (p - 1). */
static uint32_t bucket_of(nsec delay) {
    if (delay < LOAD_DELAYS_PARTS)
        return (uint32_t)delay;
    uint32_t top = 63u - (uint32_t)__builtin_clzll(delay);
    uint32_t shift = top - 6u; /* log2 of LOAD_DELAYS_PARTS */
    uint32_t bucket = (shift + 1u) * LOAD_DELAYS_PARTS + (uint32_t)(delay >> shift) - LOAD_DELAYS_PARTS;
    return bucket < LOAD_DELAYS_BUCKETS ? bucket : LOAD_DELAYS_BUCKETS - 1;
}

static nsec middle_of(uint32_t bucket) {
    if (bucket < LOAD_DELAYS_PARTS)
        return bucket;
    uint32_t shift = bucket / LOAD_DELAYS_PARTS - 1;
    nsec start = (nsec)(LOAD_DELAYS_PARTS + bucket % LOAD_DELAYS_PARTS) << shift;
    return start + (UINT64_C(1) << shift) / 2;
}

void load_delays_add(struct load_delays *delays, nsec delay) {
    delays->counts[bucket_of(delay)]++;
    delays->count++;
    delays->sum += delay;
}

nsec load_delays_quantile(const struct load_delays *delays, uint32_t permille) {
    CHECK(permille <= PERMILLE);
    uint64_t wanted = (delays->count * permille + PERMILLE - 1) / PERMILLE, seen = 0;
    for (uint32_t i = 0; delays->count > 0 && i < LOAD_DELAYS_BUCKETS; i++) {
        seen += delays->counts[i];
        if (seen >= wanted && seen > 0)
            return middle_of(i);
    }
    return 0;
}

nsec load_delays_mean(const struct load_delays *delays) {
    return delays->count > 0 ? delays->sum / delays->count : 0;
}

/* --- slices ------------------------------------------------------------------------------------------------------ */

static nsec waited_by(const struct load_delay_slices *slices) {
    return slices->waiting ? load_waiting_read(slices->waiting) : 0;
}

void load_delay_slices_begin(struct load_delay_slices *slices, const struct load_waiting *waiting) {
    load_delays_clear(&slices->all);
    load_delays_clear(&slices->slice);
    slices->waiting = waiting;
    slices->ends_at = 0;
    slices->waited = waited_by(slices);
    slices->since = LOAD_DELAY_AFTER_MOST + 1;
    slices->count = 0;
    slices->undisturbed = 0;
}

static void end_slice(struct load_delay_slices *slices) {
    nsec waited = waited_by(slices);
    bool has_waited = waited - slices->waited > LOAD_DELAY_WAITED_MAX;
    slices->since = has_waited ? 0 : slices->since + 1;
    if (slices->slice.count >= SLICE_LEAST && slices->count < LOAD_DELAY_SLICES_MAX) {
        uint32_t at = slices->count++;
        slices->median[at] = load_delays_quantile(&slices->slice, 500);
        slices->p99[at] = load_delays_quantile(&slices->slice, 990);
        slices->after[at] = slices->since;
        slices->undisturbed += slices->since > LOAD_DELAY_AFTER_LEAST;
    }
    slices->waited = waited;
    load_delays_clear(&slices->slice);
}

void load_delay_slices_add(struct load_delay_slices *slices, nsec now, nsec delay) {
    if (now >= slices->ends_at) {
        end_slice(slices);
        slices->ends_at = now + LOAD_DELAY_SLICE_NS;
    }
    load_delays_add(&slices->all, delay);
    load_delays_add(&slices->slice, delay);
}

static int compare(const void *a, const void *b) {
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

static uint32_t count_after(const struct load_delay_slices *slices, uint32_t least) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < slices->count; i++)
        count += slices->after[i] > least;
    return count;
}

/* Kept are slices that come later than so many after the last waiting; false: all are. */
static bool choose_kept(const struct load_delay_slices *slices, uint32_t *least_out) {
    for (*least_out = LOAD_DELAY_AFTER_MOST; *least_out >= LOAD_DELAY_AFTER_LEAST; --*least_out)
        if (count_after(slices, *least_out) >= LOAD_DELAY_SLICES_LEAST)
            return true;
    return false;
}

static nsec median_of(const struct load_delay_slices *slices, const nsec *values) {
    nsec kept[LOAD_DELAY_SLICES_MAX];
    uint32_t count = 0, least;
    bool keeps_all = !choose_kept(slices, &least);
    for (uint32_t i = 0; i < slices->count; i++)
        if (keeps_all || slices->after[i] > least)
            kept[count++] = values[i];
    qsort(kept, count, sizeof *kept, compare);
    return count > 0 ? kept[count / 2] : 0;
}

void load_delay_slices_medians(const struct load_delay_slices *slices, nsec *median_out, nsec *p99_out) {
    *median_out = median_of(slices, slices->median);
    *p99_out = median_of(slices, slices->p99);
}
