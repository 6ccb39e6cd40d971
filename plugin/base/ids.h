/* ids - strong names for things that messages refer to across threads.
 *
 * link_id     globally unique in a relay, never reused; given out by the relay controller. 0 is none.
 * object_id   a slot of a manager's slot map and the generation of its tenant, so that a message to something that is
 *             gone is recognised as stale. half_id and edge_id are such names, of different classes, so that the one is
 *             never taken for the other. 0 is none (generations start at 1).
 * station     who has a mailbox: the controller, or a manager. */
#ifndef LOOM_BASE_IDS_H
#define LOOM_BASE_IDS_H

#include <stdint.h>

typedef uint64_t link_id;
typedef uint64_t object_id;
typedef object_id half_id;
typedef object_id edge_id;
typedef uint16_t station_id;

#define STATIONS_MAX          256u /* 255 managers and a controller: more threads than any relay has cores */
#define OBJECT_SLOTS_MAX      (1u << 28)
#define OBJECT_GENERATION_MAX ((1u << 27) - 1)

/* Slots from here on are no slot map's: who has a name of one sends to a parking place (core/manager_parking.c). */
#define OBJECT_PARKING_SLOT (1u << 27)

enum object_class { OBJECT_HALF = 0, OBJECT_EDGE = 1 };

/* object_id layout: station (8 bits) | slot (28) | class (1) | generation (27). */
static inline object_id object_id_make(station_id station, enum object_class class, uint32_t slot,
                                       uint32_t generation) {
    return (uint64_t)station << 56 | (uint64_t)slot << 28 | (uint64_t) class << 27 | generation;
}
static inline station_id object_station(object_id id) {
    return (station_id)(id >> 56);
}
static inline enum object_class object_class(object_id id) {
    return id >> 27 & 1 ? OBJECT_EDGE : OBJECT_HALF;
}
static inline uint32_t object_slot(object_id id) {
    return (uint32_t)(id >> 28) & (OBJECT_SLOTS_MAX - 1);
}
static inline int object_is_parking(object_id id) {
    return (object_slot(id) & OBJECT_PARKING_SLOT) != 0;
}
static inline uint32_t object_generation(object_id id) {
    return (uint32_t)id & OBJECT_GENERATION_MAX;
}

#endif
