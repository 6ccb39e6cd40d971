#include "core/onion_registry.h"

#include "base/bytes.h"
#include "base/check.h"

struct onion_entry {
    struct onion_entry *next;
    half_id half;
    struct onion_name name;
};

void onion_registry_init(struct onion_registry *registry, const struct memory *memory, uint64_t seed,
                         uint32_t names_max) {
    *registry = (struct onion_registry){.memory = memory, .names_max = names_max};
    table_init(&registry->table, memory, seed);
}

void onion_registry_fini(struct onion_registry *registry) {
    uint32_t cursor = 0;
    struct onion_entry *entry;
    while ((entry = table_take(&registry->table, &cursor)) != NULL) {
        while (entry) {
            struct onion_entry *next = entry->next;
            memory_release(registry->memory, entry, sizeof *entry);
            entry = next;
        }
    }
    table_fini(&registry->table);
    registry->count = 0;
}

static bool name_equal(const struct onion_name *a, const struct onion_name *b) {
    return a->kind == b->kind && bytes_equal_const_time(a->bytes, b->bytes, ONION_NAME_LEN);
}

static uint64_t key_of(const struct onion_name *name) {
    return ((uint64_t)load_u32(name->bytes) << 32 | load_u32(name->bytes + 4)) ^ name->kind;
}

static struct onion_entry *entry_of(const struct onion_registry *registry, const struct onion_name *name) {
    struct onion_entry *entry = table_get(&registry->table, key_of(name));
    while (entry && !name_equal(&entry->name, name))
        entry = entry->next;
    return entry;
}

half_id onion_registry_find(const struct onion_registry *registry, const struct onion_name *name) {
    const struct onion_entry *entry = entry_of(registry, name);
    return entry ? entry->half : 0;
}

/* Only names of one kind crowd each other out: a cookie is whatever its client likes, also the beginning of some service's
 * key. */
static uint32_t count_of_kind(const struct onion_entry *entry, uint8_t kind) {
    uint32_t count = 0;
    for (; entry; entry = entry->next)
        count += entry->name.kind == kind;
    return count;
}

enum err onion_registry_set(struct onion_registry *registry, const struct onion_name *name, half_id half) {
    struct onion_entry *entry = entry_of(registry, name);
    if (entry) {
        entry->half = half;
        return ERR_OK;
    }
    struct onion_entry *alike = table_get(&registry->table, key_of(name));
    if (registry->count >= registry->names_max || count_of_kind(alike, name->kind) >= NAMES_ALIKE_MAX)
        return ERR_LIMIT;
    entry = memory_allocate(registry->memory, sizeof *entry);
    if (!entry)
        return ERR_LIMIT;
    *entry = (struct onion_entry){.next = alike, .half = half, .name = *name};
    enum err e = table_set(&registry->table, key_of(name), entry);
    if (e)
        memory_release(registry->memory, entry, sizeof *entry);
    else
        registry->count++;
    return e;
}

void onion_registry_remove(struct onion_registry *registry, const struct onion_name *name, half_id half) {
    struct onion_entry *gone = entry_of(registry, name);
    if (!gone || gone->half != half)
        return;
    struct onion_entry *first = table_get(&registry->table, key_of(name));
    if (first == gone) {
        first = gone->next;
    } else {
        struct onion_entry *before = first;
        while (before->next != gone)
            before = before->next;
        before->next = gone->next;
    }
    if (!first)
        table_remove(&registry->table, key_of(name));
    else if (table_set(&registry->table, key_of(name), first))
        CHECK(!"a key that is there needs no memory");
    memory_release(registry->memory, gone, sizeof *gone);
    registry->count--;
}

uint16_t onion_registry_place(const struct onion_name *name, uint16_t count) {
    return (uint16_t)(load_u32(name->bytes + 8) % count);
}
