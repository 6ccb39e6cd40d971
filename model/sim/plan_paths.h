/* plan_paths - the one path of each client host that keeps to one, drawn by the seed: the same in every arm and engine. */
#ifndef LOOM_SIM_PLAN_PATHS_H
#define LOOM_SIM_PLAN_PATHS_H

#include "sim/sim_paths.h"

struct plan_path {
    uint32_t relays[SIM_HOPS]; /* guard, middle, exit */
};

enum plan_paths { PLAN_PATHS_DRAWN, PLAN_PATHS_NO_RELAY, PLAN_PATHS_NO_MEMORY };

/* Fill count paths, each as tor draws one without guards of its own. NO_RELAY: for some position there is none left. */
MUST_USE enum plan_paths plan_paths_draw(const struct sim_relay_config *relays, uint32_t relay_count,
                                         uint64_t seed, struct plan_path *paths, uint32_t count);

#endif
