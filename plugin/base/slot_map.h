/* slot_map - object_id to object, with generations, so that names of the dead are found to be stale.
 *
 * Owner: one thread. Memory: grows by chunks, never moves; holds borrowed pointers. A slot is reused last in, first
 * out; its generation rises with each use, and a slot whose generation is used up is retired. */
#ifndef LOOM_BASE_SLOT_MAP_H
#define LOOM_BASE_SLOT_MAP_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/ids.h"
#include "base/memory.h"

struct slot_map_entry {
    void *object;
    uint32_t generation;
    uint32_t next_free;
};

struct slot_map {
    const struct memory *memory;
    struct slot_map_entry **chunks;
    uint32_t chunk_count;
    uint32_t chunk_room;
    uint32_t slots_used;
    uint32_t first_free;
    uint32_t live;
    uint32_t live_max;
    station_id station;
    enum object_class class;
};

void slot_map_init(struct slot_map *map, const struct memory *memory, station_id station,
                   enum object_class class, uint32_t live_max);
void slot_map_fini(struct slot_map *map);
/* A fresh name for object; 0 at the ceiling or without memory. */
MUST_USE object_id slot_map_add(struct slot_map *map, void *object);
/* The object so named, or NULL when it is gone or the name is another station's or of another class. */
void *slot_map_get(const struct slot_map *map, object_id id);
/* The object in that slot, which is taken. */
void *slot_map_at(const struct slot_map *map, uint32_t slot);
/* Bring what slot_map_get reads into the cache. */
void slot_map_prefetch(const struct slot_map *map, object_id id);
/* Forget the name; it must be live. */
void slot_map_remove(struct slot_map *map, object_id id);
/* Walk over live objects: start with *cursor = 0, ends with NULL. Removing the object just returned is allowed. */
void *slot_map_next(const struct slot_map *map, uint32_t *cursor);

#endif
