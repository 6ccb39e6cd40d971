/* sim_paths - which relays a client chooses: tor's path selection, by the bandwidth weights of the network itself.
 *
 * A relay is drawn in proportion to its consensus weight times the weight of its kind in that position (dir-spec 3.8.3,
 * computed from the relays of the simulation). Guards need the flags Guard and Fast, exits Exit and Fast, middles Fast;
 * relays that are to keep connections for long (guards) Stable too. The relays of a path are distinct.
 * Left out: families and networks (derived tables have neither), and bridges.
 * Thread: immutable once made. Memory: 12 bytes for each relay and position. */
#ifndef LOOM_SIM_SIM_PATHS_H
#define LOOM_SIM_SIM_PATHS_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/rng.h"
#include "sim/sim_config.h"

#define SIM_HOPS       3u
#define SIM_NO_RELAY   UINT32_MAX
#define SIM_WEIGHT_ONE 10000u

enum sim_position { SIM_POSITION_GUARD, SIM_POSITION_MIDDLE, SIM_POSITION_EXIT };

/* Of SIM_WEIGHT_ONE: how much of its bandwidth a relay of a kind gives to a position. Kinds: Guard only, Exit only, both,
 * neither. */
struct sim_weights {
    uint32_t guard_guard, guard_both;
    uint32_t middle_guard, middle_exit, middle_both, middle_middle;
    uint32_t exit_exit, exit_both;
};

struct sim_choice {
    uint32_t *relays;
    uint64_t *cumulative;
    uint32_t count, room;
};

struct sim_paths {
    struct sim_choice positions[SIM_HOPS];
    struct sim_weights weights;
};

/* From the total weights of the four kinds of relays. */
struct sim_weights sim_weights_of(uint64_t guards, uint64_t middles, uint64_t exits, uint64_t both);

/* False without memory. */
MUST_USE bool sim_paths_init(struct sim_paths *paths, const struct memory *memory,
                             const struct sim_relay_config *relays, uint32_t count);
void sim_paths_fini(struct sim_paths *paths, const struct memory *memory);
/* A relay for that position that is none of the excluded; SIM_NO_RELAY when there is none. */
uint32_t sim_paths_draw(const struct sim_paths *paths, struct rng *rng, enum sim_position position,
                        const uint32_t *excluded, uint32_t excluded_count);

#endif
