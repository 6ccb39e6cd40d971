/* pool - equal-sized objects that wander between partitions with the events that carry them.
 *
 * Owner: one partition. An object may be taken from one pool and put into another; partitions that have many more
 * to spare than others give to them in chains, so no pool grows for ever. Memory: blocks from the memory handed in, kept until
 * pool_fini, when nobody may hold an object any more. */
#ifndef LOOM_DES_POOL_H
#define LOOM_DES_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"

struct pool_block;
struct pool_free {
    struct pool_free *next;
};

struct pool {
    const struct memory *memory;
    struct pool_block *blocks;
    struct pool_free *free;
    size_t object_size;
    uint64_t free_count;
    uint64_t bytes; /* of its blocks */
};

/* Objects on their way to another pool. */
struct pool_chain {
    struct pool_free *first;
    struct pool_free *last;
    uint64_t count;
};

/* Borrows memory. */
void pool_init(struct pool *pool, const struct memory *memory, size_t object_size);
void pool_fini(struct pool *pool);
/* An object with undefined content; NULL without memory. */
MUST_USE void *pool_take(struct pool *pool);
void pool_put(struct pool *pool, void *object);
/* Move up to count free objects to the end of chain. */
void pool_give(struct pool *pool, uint64_t count, struct pool_chain *chain);
/* Take over all of chain, which is empty then. */
void pool_accept(struct pool *pool, struct pool_chain *chain);

#endif
