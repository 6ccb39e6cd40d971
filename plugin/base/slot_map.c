#include "base/slot_map.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"

#define CHUNK_SLOTS 256u /* 4 kB of entries */
#define NO_SLOT     UINT32_MAX
#define CHUNK_BYTES (CHUNK_SLOTS * sizeof(struct slot_map_entry))

static struct slot_map_entry *slot_entry(const struct slot_map *map, uint32_t slot) {
    return &map->chunks[slot / CHUNK_SLOTS][slot % CHUNK_SLOTS];
}

void slot_map_init(struct slot_map *map, const struct memory *memory, station_id station,
                   enum object_class class, uint32_t live_max) {
    CHECK(station < STATIONS_MAX);
    CHECK(live_max <= OBJECT_PARKING_SLOT);
    *map = (struct slot_map){
        .memory = memory, .first_free = NO_SLOT, .live_max = live_max, .station = station, .class = class};
}

void slot_map_fini(struct slot_map *map) {
    for (uint32_t i = 0; i < map->chunk_count; i++)
        memory_release(map->memory, map->chunks[i], CHUNK_BYTES);
    memory_release(map->memory, map->chunks, map->chunk_room * sizeof(*map->chunks));
    slot_map_init(map, map->memory, map->station, map->class, map->live_max);
}

static bool chunk_list_grow(struct slot_map *map) {
    uint32_t room = map->chunk_room ? 2 * map->chunk_room : 8;
    struct slot_map_entry **chunks = memory_allocate(map->memory, room * sizeof(*chunks));
    if (!chunks)
        return false;
    if (map->chunk_count)
        memcpy(chunks, map->chunks, map->chunk_count * sizeof(*chunks));
    memory_release(map->memory, map->chunks, map->chunk_room * sizeof(*chunks));
    map->chunks = chunks;
    map->chunk_room = room;
    return true;
}

static bool chunk_add(struct slot_map *map) {
    if (map->chunk_count == map->chunk_room && !chunk_list_grow(map))
        return false;
    struct slot_map_entry *chunk = memory_allocate(map->memory, CHUNK_BYTES);
    if (!chunk)
        return false;
    map->chunks[map->chunk_count++] = chunk;
    return true;
}

/* A slot without tenant, the one left last if there is any; NO_SLOT when there can be no more. */
static uint32_t slot_take(struct slot_map *map) {
    uint32_t slot = map->first_free;
    if (slot != NO_SLOT) {
        map->first_free = slot_entry(map, slot)->next_free;
        return slot;
    }
    if (map->slots_used == OBJECT_PARKING_SLOT)
        return NO_SLOT;
    if (map->slots_used == map->chunk_count * CHUNK_SLOTS && !chunk_add(map))
        return NO_SLOT;
    return map->slots_used++;
}

object_id slot_map_add(struct slot_map *map, void *object) {
    CHECK(object);
    if (map->live == map->live_max)
        return 0;
    uint32_t slot = slot_take(map);
    if (slot == NO_SLOT)
        return 0;
    struct slot_map_entry *entry = slot_entry(map, slot);
    CHECK(!entry->object);
    CHECK(entry->generation < OBJECT_GENERATION_MAX);
    entry->object = object;
    entry->generation++;
    map->live++;
    return object_id_make(map->station, map->class, slot, entry->generation);
}

static struct slot_map_entry *slot_find(const struct slot_map *map, object_id id) {
    uint32_t slot = object_slot(id);
    if (object_station(id) != map->station || object_class(id) != map->class || slot >= map->slots_used)
        return NULL;
    struct slot_map_entry *entry = slot_entry(map, slot);
    return entry->object && entry->generation == object_generation(id) ? entry : NULL;
}

void *slot_map_get(const struct slot_map *map, object_id id) {
    const struct slot_map_entry *entry = slot_find(map, id);
    return entry ? entry->object : NULL;
}

void *slot_map_at(const struct slot_map *map, uint32_t slot) {
    CHECK(slot < map->slots_used);
    return slot_entry(map, slot)->object;
}

void slot_map_prefetch(const struct slot_map *map, object_id id) {
    if (object_slot(id) < map->slots_used)
        __builtin_prefetch(slot_entry(map, object_slot(id)));
}

void slot_map_remove(struct slot_map *map, object_id id) {
    struct slot_map_entry *entry = slot_find(map, id);
    CHECK(entry);
    entry->object = NULL;
    map->live--;
    if (entry->generation == OBJECT_GENERATION_MAX)
        return; /* retired: one more tenant would bear the name of an old one */
    entry->next_free = map->first_free;
    map->first_free = object_slot(id);
}

void *slot_map_next(const struct slot_map *map, uint32_t *cursor) {
    while (*cursor < map->slots_used) {
        void *object = slot_entry(map, (*cursor)++)->object;
        if (object)
            return object;
    }
    return NULL;
}
