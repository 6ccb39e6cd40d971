#include "sim/plan_paths.h"

#include "files/file_memory.h"

#define PATHS_STREAM UINT64_C(0x7061746873) /* apart from what else the seed draws */

/* tor chooses the exit first, then the guard, then the middle. */
static bool draw(const struct sim_paths *paths, struct rng *rng, struct plan_path *out) {
    uint32_t chosen[2];
    chosen[0] = sim_paths_draw(paths, rng, SIM_POSITION_EXIT, NULL, 0);
    chosen[1] = sim_paths_draw(paths, rng, SIM_POSITION_GUARD, chosen, 1);
    uint32_t middle = sim_paths_draw(paths, rng, SIM_POSITION_MIDDLE, chosen, 2);
    *out = (struct plan_path){{chosen[1], middle, chosen[0]}};
    return chosen[0] != SIM_NO_RELAY && chosen[1] != SIM_NO_RELAY && middle != SIM_NO_RELAY;
}

enum plan_paths plan_paths_draw(const struct sim_relay_config *relays, uint32_t relay_count, uint64_t seed,
                                struct plan_path *paths, uint32_t count) {
    struct sim_paths choices;
    struct rng rng;
    rng_seed(&rng, seed ^ PATHS_STREAM);
    if (!sim_paths_init(&choices, &file_memory, relays, relay_count))
        return PLAN_PATHS_NO_MEMORY;
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++)
        ok = draw(&choices, &rng, &paths[i]);
    sim_paths_fini(&choices, &file_memory);
    return ok ? PLAN_PATHS_DRAWN : PLAN_PATHS_NO_RELAY;
}
