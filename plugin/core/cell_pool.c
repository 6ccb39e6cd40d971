#include "core/cell_pool.h"

#include <assert.h>
#include <stddef.h>

#include "base/check.h"

/* 64 native cells are 35 kB: few calls of the allocator, and little kept by a station that is idle. */
#define CELLS_PER_BLOCK 64u
/* An eighth stays for cells that must not fail (DESTROY, SENDME, ends of streams): these come one for each circuit or
 * stream, so they are far fewer than what the other seven eighths hold. */
#define RESERVE_DIVISOR 8u

static_assert(offsetof(struct cell, body) == (sizeof(void *) == 8 ? 48 : 32),
              "a body starts at its alignment, behind a descriptor of 48 bytes, or 32 with short pointers");
static_assert(STATIONS_MAX <= UINT8_MAX + 1, "cell.home names any station");

void cell_pool_init(struct cell_pool *pool, const struct memory *memory, station_id station,
                    uint16_t body_size, uint32_t cells_max) {
    CHECK(cells_max > 0);
    CHECK(station < STATIONS_MAX);
    uint32_t per_block = cells_max < CELLS_PER_BLOCK ? cells_max : CELLS_PER_BLOCK;
    slab_init(&pool->slab, memory, offsetof(struct cell, body) + body_size, per_block, cells_max);
    pool->reserve = cells_max / RESERVE_DIVISOR;
    pool->station = station;
    pool->body_size = body_size;
}

void cell_pool_fini(struct cell_pool *pool) {
    slab_fini(&pool->slab);
}

struct cell *cell_pool_take(struct cell_pool *pool, enum cell_need need) {
    uint32_t left = pool->slab.objects_max - pool->slab.taken;
    if (need == CELL_MAY_FAIL && left <= pool->reserve)
        return NULL;
    struct cell *cell = slab_take(&pool->slab);
    if (cell == NULL)
        return NULL;
    cell->next = NULL;
    cell->ahead = NULL;
    cell->to = 0;
    cell->circ_id = 0;
    cell->length = 0;
    cell->command = 0;
    cell->kind = CELL_KIND_CELL;
    cell->home = (uint8_t)pool->station;
    return cell;
}

void cell_pool_put(struct cell_pool *pool, struct cell *cell) {
    CHECK(cell->home == pool->station);
    slab_put(&pool->slab, cell);
}

uint32_t cell_pool_put_trays(struct cell_pool *pool, struct slab_tray *trays) {
    uint32_t count = 0;
    while (trays != NULL) {
        struct slab_tray *next = trays->next;
        count += slab_put_tray(&pool->slab, trays);
        trays = next;
    }
    return count;
}

void cell_run_concat(struct cell_run *run, struct cell_run *tail) {
    CHECK(run != tail);
    if (tail->first == NULL)
        return;
    if (run->first == NULL)
        run->first = tail->first;
    else
        run->last->next = tail->first;
    run->last = tail->last;
    run->count += tail->count;
    *tail = (struct cell_run){0};
}

struct cell *cell_run_shift(struct cell_run *run) {
    struct cell *cell = run->first;
    if (cell == NULL)
        return NULL;
    run->first = cell->next;
    run->count--;
    if (run->first == NULL) {
        CHECK(run->count == 0);
        run->last = NULL;
    }
    cell->next = NULL;
    return cell;
}

struct cell_run cell_run_split(struct cell_run *run, uint32_t count) {
    if (count == 0)
        return (struct cell_run){0};
    if (count >= run->count)
        return cell_run_split_after(run, run->last, run->count);
    struct cell *last = run->first;
    for (uint32_t i = 1; i < count; i++)
        last = last->next;
    return cell_run_split_after(run, last, count);
}

struct cell_run cell_run_split_after(struct cell_run *run, struct cell *last, uint32_t count) {
    struct cell_run head = *run;
    CHECK(count <= run->count);
    if (count == run->count) {
        CHECK(last == run->last);
        *run = (struct cell_run){0};
        return head;
    }
    head.last = last;
    head.count = count;
    run->first = last->next;
    run->count -= count;
    last->next = NULL;
    return head;
}
