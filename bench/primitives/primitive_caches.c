/* Cache misses by number of circuits: one line of each of so many circuits (of 1 kB, as a circuit takes), in any order, each
 * read only once the one before it has come. */
#include <stdlib.h>

#include "base/check.h"
#include "base/rng.h"
#include "native/heap.h"
#include "primitives/primitive.h"

#define CIRCUIT_BYTES 960u

struct circuit {
    uint32_t next;
    uint8_t rest[CIRCUIT_BYTES - sizeof(uint32_t)];
};

struct rig {
    struct circuit *circuits;
    uint32_t at;
};

static void *begin(const struct primitive *primitive, const char **reason_out) {
    struct rig *rig = heap_new(sizeof *rig);
    struct rng rng;
    uint32_t count = primitive->size;
    rig->circuits = aligned_alloc(64, (size_t)count * CIRCUIT_BYTES);
    if (!rig->circuits) {
        *reason_out = "not enough memory";
        free(rig);
        return NULL;
    }
    rng_seed(&rng, 5);
    for (uint32_t i = 0; i < count; i++)
        rig->circuits[i].next = i;
    for (uint32_t i = count - 1; i > 0; i--) { /* one cycle through all */
        uint32_t other = (uint32_t)rng_below(&rng, i), next = rig->circuits[i].next;
        rig->circuits[i].next = rig->circuits[other].next;
        rig->circuits[other].next = next;
    }
    return rig;
}

static void end(void *state) {
    struct rig *rig = state;
    free(rig->circuits);
    free(rig);
}

static nsec run(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint32_t at = rig->at;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++)
        at = rig->circuits[at].next;
    rig->at = at;
    *units_done_out = units;
    return cpu_now() - from;
}

#define CIRCUITS(n) \
    { "cache_miss", "", "circuits", n, "line", begin, run, end }

static const struct primitive all[] = {
    CIRCUITS(16),    CIRCUITS(250),   CIRCUITS(1000),   CIRCUITS(4000),
    CIRCUITS(16000), CIRCUITS(64000), CIRCUITS(250000),
};

struct primitive_list primitive_caches(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
