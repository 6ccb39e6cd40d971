#include "des/pool.h"

#include "base/check.h"

#define ALIGN       16u
#define BLOCK_BYTES ((size_t)16384) /* a partition of few hosts stays small */

struct pool_block {
    struct pool_block *next;
    size_t size;
};
_Static_assert(sizeof(struct pool_block) % ALIGN == 0, "objects behind the header are aligned");

void pool_init(struct pool *pool, const struct memory *memory, size_t object_size) {
    CHECK(object_size > 0);
    *pool = (struct pool){.memory = memory, .object_size = (object_size + ALIGN - 1) / ALIGN * ALIGN};
}

void pool_fini(struct pool *pool) {
    while (pool->blocks) {
        struct pool_block *block = pool->blocks;
        pool->blocks = block->next;
        memory_release(pool->memory, block, block->size);
    }
    pool->free = NULL;
    pool->free_count = 0;
    pool->bytes = 0;
}

static void refill(struct pool *pool) {
    size_t objects = BLOCK_BYTES / pool->object_size ? BLOCK_BYTES / pool->object_size : 1;
    size_t size = sizeof(struct pool_block) + objects * pool->object_size;
    struct pool_block *block = memory_allocate(pool->memory, size);
    if (!block)
        return;
    *block = (struct pool_block){.next = pool->blocks, .size = size};
    pool->blocks = block;
    pool->bytes += size;
    char *object = (char *)(block + 1) + objects * pool->object_size;
    for (size_t i = 0; i < objects; i++) /* the first in memory is the first to be taken */
        pool_put(pool, object -= pool->object_size);
}

void *pool_take(struct pool *pool) {
    if (!pool->free)
        refill(pool);
    struct pool_free *taken = pool->free;
    if (!taken)
        return NULL;
    pool->free = taken->next;
    pool->free_count--;
    return taken;
}

void pool_put(struct pool *pool, void *object) {
    struct pool_free *back = object;
    back->next = pool->free;
    pool->free = back;
    pool->free_count++;
}

void pool_give(struct pool *pool, uint64_t count, struct pool_chain *chain) {
    for (; count > 0 && pool->free; count--) {
        struct pool_free *given = pool->free;
        pool->free = given->next;
        pool->free_count--;
        given->next = chain->first;
        if (!chain->first)
            chain->last = given;
        chain->first = given;
        chain->count++;
    }
}

void pool_accept(struct pool *pool, struct pool_chain *chain) {
    if (!chain->first)
        return;
    chain->last->next = pool->free;
    pool->free = chain->first;
    pool->free_count += chain->count;
    *chain = (struct pool_chain){0};
}
