#include "native/heap.h"

#include <stdlib.h>

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
