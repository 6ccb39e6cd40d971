/* plain_memory - the C library's allocator as a `struct memory`, for fuzzers: they need no assertions about it. */
#ifndef LOOM_SUPPORT_PLAIN_MEMORY_H
#define LOOM_SUPPORT_PLAIN_MEMORY_H

#include <stdlib.h>

#include "base/memory.h"

static inline void *plain_memory_allocate(void *context, size_t size) {
    (void)context;
    return calloc(1, size);
}

static inline void plain_memory_release(void *context, void *object, size_t size) {
    (void)context;
    (void)size;
    free(object);
}

static const struct memory plain_memory = {plain_memory_allocate, plain_memory_release, NULL};

#endif
