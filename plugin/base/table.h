/* table - hash table from 64-bit keys to pointers, open addressing with linear probing and backward-shift deletion.
 *
 * Owner: one thread. Keys are mixed with a per-table seed, because peers choose some of them. Walking order is not
 * part of any result: nothing that a trace shows may depend on it. */
#ifndef LOOM_BASE_TABLE_H
#define LOOM_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"

struct table_entry {
    uint64_t key;
    void *value; /* NULL: empty */
};

struct table {
    const struct memory *memory;
    struct table_entry *entries;
    uint64_t seed;
    uint32_t count;
    uint32_t capacity; /* zero or a power of two; load is kept at 3/4 or less */
};

/* Allocates nothing until the first entry. Borrows memory. */
void table_init(struct table *table, const struct memory *memory, uint64_t seed);
void table_fini(struct table *table);
/* Set key to value, which is not NULL. ERR_LIMIT without memory; the table is then unchanged. */
MUST_USE enum err table_set(struct table *table, uint64_t key, void *value);
void *table_get(const struct table *table, uint64_t key);
/* Bring where key would be into the cache; it need not be there. */
void table_prefetch(const struct table *table, uint64_t key);
/* Remove and return the value of key, or NULL. */
void *table_remove(struct table *table, uint64_t key);
/* Any entry from position *cursor on, or NULL at the end; start with 0. Do not change the table while walking. */
struct table_entry *table_next(const struct table *table, uint32_t *cursor);
/* Remove any entry from position *cursor on and return its value, or NULL at the end; start with 0. Who takes all of them
 * so passes each place once; add nothing meanwhile. */
void *table_take(struct table *table, uint32_t *cursor);

#endif
