/* shared_heap - an allocator that counts what is live, for several threads at once. */
#ifndef LOOM_TESTS_SIM_SHARED_HEAP_H
#define LOOM_TESTS_SIM_SHARED_HEAP_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

struct shared_heap {
    struct memory memory; /* hand this out */
    atomic_size_t live_bytes;
    atomic_size_t allocations_left; /* further ones fail */
};

static inline void *shared_heap_allocate(void *context, size_t size) {
    struct shared_heap *heap = context;
    if (atomic_load(&heap->allocations_left) == 0)
        return NULL;
    atomic_fetch_sub(&heap->allocations_left, 1);
    atomic_fetch_add(&heap->live_bytes, size);
    return calloc(1, size ? size : 1);
}

static inline void shared_heap_release(void *context, void *object, size_t size) {
    struct shared_heap *heap = context;
    if (!object)
        return;
    atomic_fetch_sub(&heap->live_bytes, size);
    free(object);
}

/* In place: memory points back to it. */
static inline void shared_heap_init(struct shared_heap *heap) {
    heap->memory = (struct memory){shared_heap_allocate, shared_heap_release, heap};
    atomic_init(&heap->live_bytes, 0);
    atomic_init(&heap->allocations_left, SIZE_MAX / 2);
}

#endif
