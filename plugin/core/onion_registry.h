/* onion_registry - who is meant by a name: a service's circuit by its authentication key, a client's by its cookie.
 *
 * Owner: one manager, for the share of all names that is its own (onion_registry_place). Memory: one entry for each name,
 * each claimed by a live half of the relay; bound: names_max, and NAMES_ALIKE_MAX of a kind whose first eight bytes
 * are equal, which happens to nobody who draws them. */
#ifndef LOOM_CORE_ONION_REGISTRY_H
#define LOOM_CORE_ONION_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/memory.h"
#include "base/table.h"
#include "wire/onion_messages.h"

#define NAMES_ALIKE_MAX 4u

struct onion_registry {
    const struct memory *memory;
    struct table table; /* first bytes of the name -> chain of struct onion_entry */
    uint32_t count;
    uint32_t names_max;
};

/* Borrows memory. */
void onion_registry_init(struct onion_registry *registry, const struct memory *memory, uint64_t seed,
                         uint32_t names_max);
/* Forget all names. */
void onion_registry_fini(struct onion_registry *registry);
/* 0: nobody. */
half_id onion_registry_find(const struct onion_registry *registry, const struct onion_name *name);
/* From now on half is meant by name, and not who was before. ERR_LIMIT at a bound or without memory. */
MUST_USE enum err onion_registry_set(struct onion_registry *registry, const struct onion_name *name,
                                     half_id half);
/* Forget name, if half is meant by it. */
void onion_registry_remove(struct onion_registry *registry, const struct onion_name *name, half_id half);

/* Which of count places a name belongs to. */
uint16_t onion_registry_place(const struct onion_name *name, uint16_t count);

#endif
