/* cell_pool - cells that travel: descriptors with a body of the pool's size, and runs of them.
 *
 * A cell is made from one station's pool, may be handed from thread to thread, and goes home in batches: who frees cells
 * of another station gives them to that station through its mailbox (mailroom.h), on trays.
 * Owner: whoever holds the cell; ownership moves with the run. A pool belongs to one station.
 * Bound: cells_max per pool; a share of it is kept for cells that must not fail (`CELL_MUST`). */
#ifndef LOOM_CORE_CELL_POOL_H
#define LOOM_CORE_CELL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/slab.h"
#include "wire/cell.h"

/* What a cell carries. Chunks are raw bytes between a circuit half and a circuit edge. */
enum cell_kind {
    CELL_KIND_CELL = 0,
    CELL_KIND_CHUNK = 1,
    CELL_KIND_CHUNK_END = 2,
    CELL_KIND_LEG = 3, /* a relay message in the clear, between a conflux set and one of its legs */
    CELL_KIND_FENCE =
        4, /* for nobody: comes back behind all that its receiver had sent; serial: of the move */
};

struct cell {
    struct cell *next;
    struct cell *
        ahead; /* on the way to another thread: one that comes some places behind it, or NULL (cell_trail.h) */
    object_id to;     /* in a mailbox: the half or edge that it is for */
    uint32_t circ_id; /* chunks: the stream id; from a leg: its number; to a leg: the stream id */
    /* In a mailbox, for a half. Chunks: which of the streams that ever had this id; cells: which of the other halves that it
     * ever had (half.extend_serial). */
    uint32_t serial;
    uint16_t length; /* of body; fixed cells CELL_BODY_LEN; CHUNK_END: 1, the end reason */
    uint8_t command; /* enum cell_command; to a leg: enum relay_command */
    uint8_t kind;    /* enum cell_kind */
    uint8_t data_at; /* chunks: where in body the bytes begin */
    bool is_ours;    /* relay cells, from peeling to recognizing: see struct crypt_cell */
    uint8_t home;    /* station of the pool */
    _Alignas(16) uint8_t body[];
};

/* Cells in order, owned together. Zero is the empty run. */
struct cell_run {
    struct cell *first;
    struct cell *last;
    uint32_t count;
};

enum cell_need { CELL_MAY_FAIL, CELL_MUST };

struct cell_pool {
    struct slab slab;
    uint32_t reserve; /* the last so many are only for CELL_MUST */
    station_id station;
    uint16_t body_size;
};

void cell_pool_init(struct cell_pool *pool, const struct memory *memory, station_id station,
                    uint16_t body_size, uint32_t cells_max);
void cell_pool_fini(struct cell_pool *pool);
/* The next take needs new memory, or finds the bound. */
static inline bool cell_pool_would_grow(const struct cell_pool *pool) {
    return pool->slab.free == NULL;
}
/* Give memory back if no cell is out. */
static inline void cell_pool_trim(struct cell_pool *pool) {
    slab_trim(&pool->slab);
}
/* A cell with kind CELL and undefined body, or NULL at the bound. */
MUST_USE struct cell *cell_pool_take(struct cell_pool *pool, enum cell_need need);
/* Put back a cell whose home this pool is. */
void cell_pool_put(struct cell_pool *pool, struct cell *cell);
/* Cells of another station's pool that are to go home: on a tray (slab.h). All pools of a relay have cells of one size. */
static inline struct slab_tray *cell_pool_tray_of(const struct cell_pool *pool, struct cell *cell) {
    return slab_tray_of(&pool->slab, cell);
}
/* Put back a list of trays of cells whose home this pool is; returns how many cells. */
uint32_t cell_pool_put_trays(struct cell_pool *pool, struct slab_tray *trays);

/* Have a whole cell come into the cache. */
static inline void cell_prefetch(const struct cell *cell) {
    const char *bytes = (const char *)cell;
    for (size_t at = 0; at < sizeof *cell + CELL_BODY_LEN; at += CACHE_LINE_LEN)
        __builtin_prefetch(bytes + at);
}
/* The same for the one that comes some places behind cell, for who walks a chain from another thread. */
static inline void cell_prefetch_ahead(const struct cell *cell) {
    if (cell->ahead != NULL)
        cell_prefetch(cell->ahead);
}

static inline bool cell_run_is_empty(const struct cell_run *run) {
    return run->first == NULL;
}
static inline void cell_run_append(struct cell_run *run, struct cell *cell) {
    cell->next = NULL;
    if (run->first == NULL)
        run->first = cell;
    else
        run->last->next = cell;
    run->last = cell;
    run->count++;
}
/* Move all of tail behind run; tail is empty afterwards. */
void cell_run_concat(struct cell_run *run, struct cell_run *tail);
/* First cell taken off, or NULL. */
struct cell *cell_run_shift(struct cell_run *run);
/* Take the first count cells (at most) off run. */
struct cell_run cell_run_split(struct cell_run *run, uint32_t count);
/* The same for who has walked there already: last is the count-th cell of run. */
struct cell_run cell_run_split_after(struct cell_run *run, struct cell *last, uint32_t count);

#endif
