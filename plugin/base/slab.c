#include "base/slab.h"

#include <assert.h>
#include <stdbool.h>

#include "base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_POISON 1
#endif
#endif

#define SLAB_ALIGN 16u

struct slab_block {
    struct slab_block *next;
    size_t size;
};

struct slab_free {
    struct slab_free *next;
};

#define SLAB_BLOCK_HEADER ((sizeof(struct slab_block) + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN)
static_assert(sizeof(struct slab_free) <= SLAB_ALIGN, "a free object has room for its link");

/* Under the address sanitizer an object that was put back may not be touched, but for the link at its start. */
#ifdef SLAB_POISON
void __asan_poison_memory_region(void const volatile *start, size_t size);
void __asan_unpoison_memory_region(void const volatile *start, size_t size);

static void slab_poison(void *start, size_t size) {
    __asan_poison_memory_region(start, size);
}

static void slab_unpoison(void *start, size_t size) {
    __asan_unpoison_memory_region(start, size);
}
#else
static void slab_poison(UNUSED void *start, UNUSED size_t size) {
}

static void slab_unpoison(UNUSED void *start, UNUSED size_t size) {
}
#endif

void slab_init(struct slab *slab, const struct memory *memory, size_t object_size, uint32_t objects_per_block,
               uint32_t objects_max) {
    CHECK(object_size > 0);
    CHECK(objects_per_block > 0);
    size_t rounded = (object_size + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN;
    CHECK(rounded <= (SIZE_MAX - SLAB_BLOCK_HEADER - CACHE_LINE_LEN) / objects_per_block);
    *slab = (struct slab){
        .memory = memory,
        .object_size = rounded,
        .objects_per_block = objects_per_block,
        .objects_max = objects_max,
    };
}

void slab_trim(struct slab *slab) {
    if (slab->taken > 0)
        return;
    struct slab_block *block = slab->blocks;
    while (block) {
        struct slab_block *next = block->next;
        slab_unpoison(block, block->size);
        memory_release(slab->memory, block, block->size);
        block = next;
    }
    slab->blocks = NULL;
    slab->free = NULL;
    slab->capacity = 0;
}

void slab_fini(struct slab *slab) {
    CHECK(slab->taken == 0);
    slab_trim(slab);
    *slab = (struct slab){.memory = slab->memory};
}

static void slab_free_push(struct slab *slab, void *object) {
    struct slab_free *entry = object;
    entry->next = slab->free;
    slab->free = entry;
    slab_poison((char *)object + SLAB_ALIGN, slab->object_size - SLAB_ALIGN);
}

/* Add a block; its objects are taken in the order of their addresses. */
static bool slab_grow(struct slab *slab) {
    uint32_t room = slab->objects_max - slab->capacity;
    uint32_t n = slab->capacity < slab->objects_per_block ? slab->capacity : slab->objects_per_block;
    if (n == 0)
        n = 1;
    if (n > room)
        n = room;
    if (n == 0)
        return false;
    size_t align = slab->object_size % CACHE_LINE_LEN == 0 ? CACHE_LINE_LEN : SLAB_ALIGN;
    size_t size = SLAB_BLOCK_HEADER + n * slab->object_size + (align - SLAB_ALIGN);
    struct slab_block *block = memory_allocate(slab->memory, size);
    if (!block)
        return false;
    block->size = size;
    block->next = slab->blocks;
    slab->blocks = block;
    slab->capacity += n;
    char *objects = (char *)block + SLAB_BLOCK_HEADER;
    objects += -(uintptr_t)objects % align;
    for (uint32_t i = n; i > 0; i--)
        slab_free_push(slab, objects + (size_t)(i - 1) * slab->object_size);
    return true;
}

void *slab_take(struct slab *slab) {
    if (!slab->free && !slab_grow(slab))
        return NULL;
    struct slab_free *object = slab->free;
    slab->free = object->next;
    slab->taken++;
    CHECK(slab->taken <= slab->capacity);
    slab_unpoison(object, slab->object_size);
    return object;
}

void slab_put(struct slab *slab, void *object) {
    CHECK(object);
    CHECK(slab->taken > 0);
    slab->taken--;
    slab_free_push(slab, object);
}
