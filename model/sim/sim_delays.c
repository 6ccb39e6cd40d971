#include "sim/sim_delays.h"

#include <stdlib.h>

#define PERMILLE 1000u

struct found {
    nsec *median, *p99; /* of each slice */
    uint32_t count;
};

static int compare_place(const void *a, const void *b) {
    const struct sim_delay *x = a, *y = b;
    if (x->way != y->way)
        return x->way < y->way ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

static int compare_delay(const void *a, const void *b) {
    const struct sim_delay *x = a, *y = b;
    return (x->delay > y->delay) - (x->delay < y->delay);
}

static int compare_nsec(const void *a, const void *b) {
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

/* Of delays in order: the least that so many thousandths do not exceed. */
static nsec quantile(const struct sim_delay *delays, uint32_t count, uint32_t permille) {
    return delays[((uint64_t)count * permille + PERMILLE - 1) / PERMILLE - 1].delay;
}

static void take_slice(struct found *found, struct sim_delay *delays, uint32_t count) {
    if (count < SIM_DELAYS_LEAST)
        return;
    qsort(delays, count, sizeof *delays, compare_delay);
    found->median[found->count] = quantile(delays, count, 500);
    found->p99[found->count] = quantile(delays, count, 990);
    found->count++;
}

/* Of one way, in the order in which they came. */
static void take_way(struct found *found, struct sim_delay *delays, uint32_t count) {
    uint32_t begin = 0;
    nsec ends_at = delays[0].at + SIM_DELAYS_SLICE;
    for (uint32_t i = 0; i < count; i++) {
        if (delays[i].at < ends_at)
            continue;
        ends_at = delays[i].at + SIM_DELAYS_SLICE;
        take_slice(found, &delays[begin], i - begin);
        begin = i;
    }
}

static void take_all(struct found *found, struct sim_delay *delays, uint32_t count) {
    uint32_t begin = 0;
    qsort(delays, count, sizeof *delays, compare_place);
    for (uint32_t i = 1; i <= count; i++) {
        if (i < count && delays[i].way == delays[begin].way)
            continue;
        take_way(found, &delays[begin], i - begin);
        begin = i;
    }
}

static nsec middle(nsec *values, uint32_t count) {
    qsort(values, count, sizeof *values, compare_nsec);
    return values[count / 2];
}

bool sim_delays_quantiles(struct sim_delay *delays, uint32_t count, const struct memory *memory,
                          nsec *median_out, nsec *p99_out) {
    uint32_t slices_max = count / SIM_DELAYS_LEAST + 1;
    *median_out = *p99_out = 0;
    if (count == 0)
        return true;
    nsec *values = memory_allocate(memory, 2 * slices_max * sizeof *values);
    if (!values)
        return false;
    struct found found = {.median = values, .p99 = values + slices_max};
    take_all(&found, delays, count);
    if (found.count > 0) {
        *median_out = middle(found.median, found.count);
        *p99_out = middle(found.p99, found.count);
    } else {
        qsort(delays, count, sizeof *delays, compare_delay);
        *median_out = quantile(delays, count, 500);
        *p99_out = quantile(delays, count, 990);
    }
    memory_release(memory, values, 2 * slices_max * sizeof *values);
    return true;
}
