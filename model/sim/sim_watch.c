#include "sim/sim_watch.h"

#include <string.h>

#include "base/check.h"

#define SIGHTS_FIRST 16u
#define BINS_FIRST   64u

/* The same items with room for twice as many, or NULL without memory. */
static void *grow(const struct memory *memory, void *items, size_t size, uint32_t count, uint32_t *room,
                  uint32_t least) {
    uint32_t more = *room ? 2 * *room : least;
    void *new = memory_allocate(memory, more * size);
    if (!new)
        return NULL;
    if (count > 0)
        memcpy(new, items, count * size);
    memory_release(memory, items, *room * size);
    *room = more;
    return new;
}

/* Bins end at their edge: what is counted there came before. */
static uint64_t bin_of(const struct sim_watch *watch, nsec now) {
    return now > 0 ? (now - 1) / watch->bin : 0;
}

uint32_t sim_watch_begin(struct sim_watch *watch, const struct memory *memory, nsec now,
                         const struct sim_sight *sight) {
    CHECK(watch->bin > 0);
    if (watch->count == watch->room) {
        struct sim_sight *new =
            grow(memory, watch->sights, sizeof(*new), watch->count, &watch->room, SIGHTS_FIRST);
        if (!new)
            return SIM_NO_SIGHT;
        watch->sights = new;
    }
    struct sim_sight *own = &watch->sights[watch->count];
    *own = *sight;
    own->first_bin = bin_of(watch, now);
    return watch->count++;
}

bool sim_watch_count(struct sim_watch *watch, const struct memory *memory, nsec now, uint32_t sight,
                     uint64_t total) {
    CHECK(sight < watch->count);
    struct sim_sight *own = &watch->sights[sight];
    CHECK(total >= own->total);
    uint64_t more = total - own->total;
    own->total = total;
    if (!own->has_bins)
        return true;
    uint64_t bins = bin_of(watch, now) - own->first_bin + 1;
    CHECK(bins >= own->bins && bins <= UINT32_MAX / 2);
    while (own->bins < bins) {
        if (own->bins == own->room) {
            uint32_t *new = grow(memory, own->bytes, sizeof(*new), own->bins, &own->room, BINS_FIRST);
            if (!new)
                return false;
            own->bytes = new;
        }
        own->bytes[own->bins++] = 0;
    }
    uint32_t *last = &own->bytes[own->bins - 1];
    CHECK(more <= UINT32_MAX - *last); /* a second at 34 Gbit/s; bins are a second at most */
    *last += (uint32_t)more;
    return true;
}

nsec sim_watch_next(const struct sim_watch *watch, nsec now) {
    return (now / watch->bin + 1) * watch->bin;
}

void sim_watch_fini(struct sim_watch *watch, const struct memory *memory) {
    for (uint32_t i = 0; i < watch->count; i++)
        memory_release(memory, watch->sights[i].bytes, watch->sights[i].room * sizeof(uint32_t));
    memory_release(memory, watch->sights, watch->room * sizeof(*watch->sights));
    *watch = (struct sim_watch){.bin = 0};
}
