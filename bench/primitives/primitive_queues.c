/* Taking cells from their pool and putting them back, and runs of them. */
#include <stdlib.h>

#include "base/check.h"
#include "core/cell_pool.h"
#include "native/heap.h"
#include "primitives/primitive.h"

#define CELLS_MAX 65536u

struct rig {
    struct cell_pool pool;
    uint32_t held; /* cells that are out at a time */
};

static void *begin(const struct primitive *primitive, const char **reason_out) {
    struct rig *rig = heap_new(sizeof *rig);
    (void)reason_out;
    rig->held = primitive->size;
    cell_pool_init(&rig->pool, &heap_memory, 0, CELL_BODY_LEN, CELLS_MAX);
    return rig;
}

static void end(void *state) {
    struct rig *rig = state;
    cell_pool_fini(&rig->pool);
    free(rig);
}

static nsec run(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    uint64_t rounds = units / rig->held + 1;
    nsec from = cpu_now();
    for (uint64_t i = 0; i < rounds; i++) {
        struct cell_run cells = {NULL, NULL, 0};
        for (uint32_t j = 0; j < rig->held; j++) {
            struct cell *cell = cell_pool_take(&rig->pool, CELL_MUST);
            CHECK(cell);
            cell_run_append(&cells, cell);
        }
        for (struct cell *cell = cell_run_shift(&cells); cell; cell = cell_run_shift(&cells))
            cell_pool_put(&rig->pool, cell);
    }
    *units_done_out = rounds * rig->held;
    return cpu_now() - from;
}

static const struct primitive all[] = {
    {"cell_pool", "", "cells", 31, "cell", begin, run, end},
    {"cell_pool", "", "cells", 4000, "cell", begin, run, end},
    {"cell_pool", "", "cells", 32000, "cell", begin, run, end},
};

struct primitive_list primitive_queues(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
