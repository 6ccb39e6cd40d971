#include "files/file_memory.h"

#include <stdlib.h>

static void *allocate(void *context, size_t size) {
    (void)context;
    return calloc(1, size);
}

static void release(void *context, void *object, size_t size) {
    (void)context;
    (void)size;
    free(object);
}

const struct memory file_memory = {.allocate = allocate, .release = release};
