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
    uint32_t objects;
    uint32_t free; /* while slab_give_back counts; ALL_FREE: goes back */
};

#define ALL_FREE UINT32_MAX

#define SLAB_BLOCK_HEADER ((sizeof(struct slab_block) + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN)
/* What any allocator sees to: 16 bytes, but 8 where pointers are short. */
#define ALLOCATED_ALIGN _Alignof(max_align_t)
static_assert(ALLOCATED_ALIGN <= SLAB_ALIGN, "a block needs room to be aligned in, and no less than none");
static_assert(sizeof(struct slab_tray) <= SLAB_ALIGN,
              "the smallest object can be a tray, with nothing on it");

/* Under the address sanitizer an object that was put back may not be touched, but by us (SLAB_UNCHECKED). */
#ifdef SLAB_POISON
#define SLAB_UNCHECKED __attribute__((no_sanitize("address")))
void __asan_poison_memory_region(void const volatile *start, size_t size);
void __asan_unpoison_memory_region(void const volatile *start, size_t size);

static void slab_poison(void *start, size_t size) {
    __asan_poison_memory_region(start, size);
}

static void slab_unpoison(void *start, size_t size) {
    __asan_unpoison_memory_region(start, size);
}
#else
#define SLAB_UNCHECKED
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

/* jemalloc's largest small classes: many blocks of one lie in a run of pages without waste, while what is larger gets pages of its
 * own and part of one more. Other allocators round such sizes up by little. */
static const size_t block_lengths[] = {8192, 10240, 12288, 14336};
#define BLOCK_LENGTHS (sizeof block_lengths / sizeof block_lengths[0])

/* The length that leaves the smallest part of a block unused, and the longer of two. */
uint32_t slab_block_objects(size_t object_size) {
    const size_t rounded = (object_size + SLAB_ALIGN - 1) / SLAB_ALIGN * SLAB_ALIGN;
    const size_t head = SLAB_BLOCK_HEADER + (CACHE_LINE_LEN - ALLOCATED_ALIGN);
    size_t best = block_lengths[0];
    for (unsigned i = 1; i < BLOCK_LENGTHS; i++)
        if ((block_lengths[i] - head) / rounded * best >= (best - head) / rounded * block_lengths[i])
            best = block_lengths[i];
    size_t objects = (best - head) / rounded;
    return objects > 0 ? (uint32_t)objects : 1;
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

struct slab_tray *slab_tray_of(const struct slab *slab, void *object) {
    struct slab_tray *tray = object;
    tray->next = NULL;
    tray->count = 0;
    tray->room = (uint32_t)((slab->object_size - sizeof *tray) / sizeof tray->objects[0]);
    return tray;
}

SLAB_UNCHECKED bool slab_tray_add(struct slab_tray *tray, void *object) {
    if (tray->count == tray->room)
        return false;
    tray->objects[tray->count++] = object;
    return true;
}

SLAB_UNCHECKED static void free_push(struct slab *slab, void *object) {
    if (slab->free == NULL || !slab_tray_add(slab->free, object)) {
        struct slab_tray *tray = slab_tray_of(slab, object);
        tray->next = slab->free;
        slab->free = tray;
    }
    slab_poison(object, slab->object_size);
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
    size_t size = SLAB_BLOCK_HEADER + n * slab->object_size + (align - ALLOCATED_ALIGN);
    struct slab_block *block = memory_allocate(slab->memory, size);
    if (!block)
        return false;
    block->size = size;
    block->objects = n;
    block->next = slab->blocks;
    slab->blocks = block;
    slab->capacity += n;
    char *objects = (char *)block + SLAB_BLOCK_HEADER;
    objects += -(uintptr_t)objects % align;
    for (uint32_t i = n; i > 0; i--)
        free_push(slab, objects + (size_t)(i - 1) * slab->object_size);
    return true;
}

/* --- giving back ------------------------------------------------------------------------------------------------- */

static uint32_t count_blocks(const struct slab *slab) {
    uint32_t n = 0;
    for (const struct slab_block *block = slab->blocks; block; block = block->next)
        n++;
    return n;
}

/* Shell's sort: needs no memory. */
static void sort_by_address(struct slab_block **blocks, uint32_t n) {
    for (uint32_t gap = n / 2; gap > 0; gap /= 2)
        for (uint32_t i = gap; i < n; i++) {
            struct slab_block *block = blocks[i];
            uint32_t to = i;
            for (; to >= gap && blocks[to - gap] > block; to -= gap)
                blocks[to] = blocks[to - gap];
            blocks[to] = block;
        }
}

/* The block that has this object: the last one that begins before it. */
static struct slab_block *block_of(struct slab_block *const *blocks, uint32_t n, const void *object) {
    uint32_t first = 0;
    for (uint32_t end = n; end - first > 1;) {
        uint32_t middle = first + (end - first) / 2;
        if ((const char *)blocks[middle] <= (const char *)object)
            first = middle;
        else
            end = middle;
    }
    return blocks[first];
}

SLAB_UNCHECKED static void count_free(const struct slab *slab, struct slab_block *const *blocks, uint32_t n) {
    for (const struct slab_tray *tray = slab->free; tray; tray = tray->next) {
        block_of(blocks, n, tray)->free++;
        for (uint32_t i = 0; i < tray->count; i++)
            block_of(blocks, n, tray->objects[i])->free++;
    }
}

static void keep_free(struct slab *slab, const struct slab_block *block, void *object) {
    if (block->free == ALL_FREE)
        return;
    slab_unpoison(object, slab->object_size);
    free_push(slab, object);
}

/* What stays is put on trays anew: the old ones may lie in what goes. A tray is emptied before it becomes one of its kind. */
SLAB_UNCHECKED static void rebuild_trays(struct slab *slab, struct slab_block *const *blocks, uint32_t n) {
    struct slab_tray *tray = slab->free;
    slab->free = NULL;
    while (tray) {
        struct slab_tray *next = tray->next;
        for (uint32_t i = tray->count; i > 0; i--)
            keep_free(slab, block_of(blocks, n, tray->objects[i - 1]), tray->objects[i - 1]);
        keep_free(slab, block_of(blocks, n, tray), tray);
        tray = next;
    }
}

static void release_marked(struct slab *slab) {
    struct slab_block **link = &slab->blocks;
    while (*link) {
        struct slab_block *block = *link;
        if (block->free != ALL_FREE) {
            link = &block->next;
            continue;
        }
        *link = block->next;
        slab_unpoison(block, block->size);
        memory_release(slab->memory, block, block->size);
    }
}

void slab_give_back(struct slab *slab) {
    if (!slab_is_mostly_free(slab))
        return;
    const uint32_t n = count_blocks(slab), kept = slab->taken + slab->taken / 4 + slab->objects_per_block;
    struct slab_block **blocks = memory_allocate(slab->memory, n * sizeof(struct slab_block *));
    if (!blocks)
        return;
    uint32_t i = 0;
    for (struct slab_block *block = slab->blocks; block; block = block->next) {
        block->free = 0;
        blocks[i++] = block;
    }
    sort_by_address(blocks, n);
    count_free(slab, blocks, n);
    for (i = 0; i < n; i++)
        if (blocks[i]->free == blocks[i]->objects && slab->capacity - blocks[i]->objects >= kept) {
            slab->capacity -= blocks[i]->objects;
            blocks[i]->free = ALL_FREE;
        }
    rebuild_trays(slab, blocks, n);
    release_marked(slab);
    memory_release(slab->memory, blocks, n * sizeof(struct slab_block *));
}

/* --- taking and putting ------------------------------------------------------------------------------------------ */

SLAB_UNCHECKED void *slab_take(struct slab *slab) {
    if (!slab->free && !slab_grow(slab))
        return NULL;
    struct slab_tray *tray = slab->free;
    void *object = tray;
    if (tray->count > 0)
        object = tray->objects[--tray->count];
    else
        slab->free = tray->next;
    slab->taken++;
    CHECK(slab->taken <= slab->capacity);
    slab_unpoison(object, slab->object_size);
    return object;
}

void slab_put(struct slab *slab, void *object) {
    CHECK(object);
    CHECK(slab->taken > 0);
    slab->taken--;
    free_push(slab, object);
}

uint32_t slab_put_tray(struct slab *slab, struct slab_tray *tray) {
    uint32_t count = tray->count + 1;
    CHECK(tray->count <= tray->room);
    CHECK(slab->taken >= count);
    slab->taken -= count;
    tray->next = slab->free;
    slab->free = tray;
#ifdef SLAB_POISON
    for (uint32_t i = 0; i < tray->count; i++)
        slab_poison(tray->objects[i], slab->object_size);
#endif
    slab_poison(tray, slab->object_size);
    return count;
}
