#include "memnet/heap.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define HEADER alignof(max_align_t)

static void *heap_allocate(void *context, size_t size) {
    struct heap *heap = context;
    uint64_t number = heap->allocations++;
    if (number >= heap->fail_at && number - heap->fail_at < heap->fail_count)
        return NULL;
    char *block = calloc(1, HEADER + size);
    CHECK(block);
    memcpy(block, &size, sizeof(size));
    heap->live_bytes += size;
    heap->live_objects++;
    if (heap->live_bytes > heap->peak_bytes)
        heap->peak_bytes = heap->live_bytes;
    return block + HEADER;
}

static void heap_release(void *context, void *object, size_t size) {
    struct heap *heap = context;
    if (!object)
        return;
    char *block = (char *)object - HEADER;
    size_t allocated;
    memcpy(&allocated, block, sizeof(allocated));
    CHECK(allocated == size);
    CHECK(heap->live_objects > 0);
    heap->live_bytes -= size;
    heap->live_objects--;
    free(block);
}

void heap_init(struct heap *heap) {
    *heap = (struct heap){.fail_at = UINT64_MAX};
    heap->memory = (struct memory){heap_allocate, heap_release, heap};
}
