/* cell_trail - cells on their way to another thread, each told which one comes a few places behind it.
 *
 * A chain of cells can only be walked by looking at each, and each look waits until its cache line has come from the core
 * that wrote it. With the address of a later cell in hand the receiver has several come at a time.
 * Owner: the sender, of one ordered pair of stations; it is reset when the cells are published, because from then on
 * they are the receiver's. */
#ifndef LOOM_CORE_CELL_TRAIL_H
#define LOOM_CORE_CELL_TRAIL_H

#include <stdint.h>

#include "core/cell_pool.h"

#define CELL_TRAIL_LEN \
    8u /* what a core waits for at a time: with ten lines a cell, more than it has buffers for */

/* Zero is the trail of nothing. */
struct cell_trail {
    struct cell *recent[CELL_TRAIL_LEN];
    uint32_t count; /* of cells since the last reset */
};

/* Cells from first on, which nobody else sees yet, go the way of the trail: sets `ahead` of those CELL_TRAIL_LEN before
 * each. */
void cell_trail_add(struct cell_trail *trail, struct cell *first);
void cell_trail_reset(struct cell_trail *trail);

#endif
