#include "sim/scenario_rollout.h"

#include <stdlib.h>

#include "base/rng.h"

#define ROLLOUT_STREAM UINT64_C(0x726f6c6c6f757401) /* apart from other draws of the seed */

struct ranked {
    uint64_t key; /* the higher, the earlier */
    uint32_t index;
};

static int descending(const void *a, const void *b) {
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->key != y->key)
        return x->key > y->key ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static uint64_t key_of(enum scenario_order order, const struct relay_row *row, struct rng *rng) {
    switch (order) {
    case SCENARIO_BY_WEIGHT: return row->weight;
    case SCENARIO_BY_CAPACITY: return row->capacity;
    case SCENARIO_AT_RANDOM: return rng_u64(rng);
    }
    return 0;
}

bool scenario_rollout_choose(const struct scenario_arm *arm, uint64_t seed, const struct relay_table *table,
                             const uint32_t *rows, uint32_t n, bool *is_loom_out) {
    struct rng rng;
    struct ranked *ranked = calloc((size_t)n + 1, sizeof(*ranked));
    if (!ranked)
        return false;
    rng_seed(&rng, seed ^ ROLLOUT_STREAM);
    for (uint32_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){key_of((enum scenario_order)arm->order, &table->rows[rows[i]], &rng), i};
    qsort(ranked, n, sizeof(*ranked), descending);
    uint64_t chosen = ((uint64_t)n * arm->percent + 50) / 100;
    for (uint32_t i = 0; i < n; i++)
        is_loom_out[ranked[i].index] = i < chosen;
    free(ranked);
    return true;
}
