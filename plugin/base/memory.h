/* memory - the allocator that is handed in, so that experiments and failing allocators are one line.
 *
 * Thread: a runtime's allocator must be usable from every thread that holds it (native: malloc). */
#ifndef LOOM_BASE_MEMORY_H
#define LOOM_BASE_MEMORY_H

#include <stddef.h>

#include "base/attributes.h"

/* What the CPU moves at a time, on all that we know. */
#define CACHE_LINE_LEN 64u

struct memory {
    /* Return zeroed bytes aligned for any object, or NULL. */
    void *(*allocate)(void *context, size_t size);
    /* Give back what allocate returned; NULL is fine. size is what was asked for. */
    void (*release)(void *context, void *object, size_t size);
    void *context;
};

MUST_USE static inline void *memory_allocate(const struct memory *m, size_t size) {
    return m->allocate(m->context, size);
}

static inline void memory_release(const struct memory *m, void *object, size_t size) {
    m->release(m->context, object, size);
}

#endif
