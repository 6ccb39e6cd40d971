#include "native/heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"

static void *heap_allocate(void *context, size_t size) {
    (void)context;
    return calloc(1, size);
}

static void heap_release(void *context, void *object, size_t size) {
    (void)context;
    (void)size;
    free(object);
}

const struct memory heap_memory = {.allocate = heap_allocate, .release = heap_release, .context = NULL};

void *heap_new(size_t size) {
    void *object = calloc(1, size);
    CHECK(object != NULL);
    return object;
}

/* What is zero already stays so when the kernel takes its pages away. */
void *heap_new_untouched(size_t size) {
    char *object = heap_new(size);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t skipped = (page - (uintptr_t)object % page) % page;
    if (size > skipped && (size - skipped) / page > 0)
        (void)madvise(object + skipped, (size - skipped) / page * page, MADV_DONTNEED);
    return object;
}
