#include "base/table.h"

#include <stdbool.h>

#include "base/check.h"

#define CAPACITY_MIN 4u /* most tables have an entry or two */
#define CAPACITY_MAX (UINT32_C(1) << 31)

/* Finaliser of splitmix64 (Steele, Lea, Flood 2014): each bit of the input moves each bit of the output. */
static uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* Where key would like to be. Two keyed rounds, so that who chooses keys cannot aim at one place without the seed. */
static uint32_t table_home(const struct table *table, uint64_t key) {
    return (uint32_t)mix(mix(key ^ table->seed) + table->seed) & (table->capacity - 1);
}

void table_init(struct table *table, const struct memory *memory, uint64_t seed) {
    *table = (struct table){.memory = memory, .seed = seed};
}

void table_fini(struct table *table) {
    memory_release(table->memory, table->entries, table->capacity * sizeof(*table->entries));
    table_init(table, table->memory, table->seed);
}

/* The entry of key, or the empty one where it would go. There is always an empty one: load is below 1. */
static struct table_entry *table_find(const struct table *table, uint64_t key) {
    uint32_t i = table_home(table, key);
    while (table->entries[i].value && table->entries[i].key != key)
        i = (i + 1) & (table->capacity - 1);
    return &table->entries[i];
}

static bool table_grow(struct table *table) {
    if (table->capacity == CAPACITY_MAX)
        return false;
    uint32_t capacity = table->capacity ? 2 * table->capacity : CAPACITY_MIN;
    struct table larger = {
        .memory = table->memory, .seed = table->seed, .count = table->count, .capacity = capacity};
    larger.entries = memory_allocate(table->memory, capacity * sizeof(*larger.entries));
    if (!larger.entries)
        return false;
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->entries[i].value)
            *table_find(&larger, table->entries[i].key) = table->entries[i];
    table_fini(table);
    *table = larger;
    return true;
}

enum err table_set(struct table *table, uint64_t key, void *value) {
    CHECK(value);
    struct table_entry *entry = table->capacity ? table_find(table, key) : NULL;
    if (entry && entry->value) {
        entry->value = value;
        return ERR_OK;
    }
    if (table->count >= table->capacity / 4 * 3) {
        if (!table_grow(table))
            return ERR_LIMIT;
        entry = table_find(table, key);
    }
    CHECK(entry);
    *entry = (struct table_entry){key, value};
    table->count++;
    return ERR_OK;
}

void *table_get(const struct table *table, uint64_t key) {
    return table->count ? table_find(table, key)->value : NULL;
}

void table_prefetch(const struct table *table, uint64_t key) {
    if (table->count)
        __builtin_prefetch(&table->entries[table_home(table, key)]);
}

/* Move later entries of the run back over the hole, so that no search stops short of them. */
static void table_close_gap(struct table *table, uint32_t hole) {
    uint32_t mask = table->capacity - 1;
    for (uint32_t i = (hole + 1) & mask; table->entries[i].value; i = (i + 1) & mask) {
        uint32_t home = table_home(table, table->entries[i].key);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue; /* its home lies behind the hole */
        table->entries[hole] = table->entries[i];
        hole = i;
    }
    table->entries[hole] = (struct table_entry){0, NULL};
}

void *table_remove(struct table *table, uint64_t key) {
    if (table->count == 0)
        return NULL;
    struct table_entry *entry = table_find(table, key);
    void *value = entry->value;
    if (!value)
        return NULL;
    table->count--;
    table_close_gap(table, (uint32_t)(entry - table->entries));
    return value;
}

struct table_entry *table_next(const struct table *table, uint32_t *cursor) {
    while (*cursor < table->capacity) {
        struct table_entry *entry = &table->entries[(*cursor)++];
        if (entry->value)
            return entry;
    }
    return NULL;
}

void *table_take(struct table *table, uint32_t *cursor) {
    struct table_entry *entry = table_next(table, cursor);
    if (!entry)
        return NULL;
    void *value = entry->value;
    /* Entries that lie behind the hole move back into it, so the place is looked at again. None of them comes from before
     * the cursor, where a walk that takes everything leaves no entry. */
    *cursor = (uint32_t)(entry - table->entries);
    table->count--;
    table_close_gap(table, *cursor);
    return value;
}
