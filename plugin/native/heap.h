/* heap - the process's malloc as the `struct memory` that the core is given: jemalloc, unless it was built without.
 *
 * Thread: any. */
#ifndef LOOM_NATIVE_HEAP_H
#define LOOM_NATIVE_HEAP_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/memory.h"

extern const struct memory heap_memory;

/* Zeroed bytes, for the runtime's own small objects: ends the process when there are none, as tor does. */
MUST_USE void *heap_new(size_t size);
/* The same for a large buffer of another thread: its whole pages get memory when they are first touched, so that it lies
 * beside who uses it. */
MUST_USE void *heap_new_untouched(size_t size);

#endif
