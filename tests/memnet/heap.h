/* heap - an allocator that counts, checks the sizes it is told, and fails when it is asked to.
 *
 * Memory: every object is preceded by its size; what is live at the end is a leak. */
#ifndef LOOM_MEMNET_HEAP_H
#define LOOM_MEMNET_HEAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct heap {
    struct memory memory; /* hand this out */
    size_t live_bytes;
    size_t peak_bytes;
    uint64_t live_objects;
    uint64_t allocations; /* asked for so far */
    uint64_t fail_at;     /* the allocation of this number fails, counted from 0; UINT64_MAX: none does */
    uint64_t fail_count;  /* and so many from there on */
};

/* Borrowed by memory until the last object is released. */
void heap_init(struct heap *heap);

#endif
