/* small_world - a simulated network of five relays, three clients and a server in two countries, and what of it can be
 * compared: one number over all that was measured, and one over the traces of the relays' cores. */
#ifndef LOOM_TESTS_SIM_SMALL_WORLD_H
#define LOOM_TESTS_SIM_SMALL_WORLD_H

#include "sim/shared_heap.h"
#include "sim/sim_world.h"

#define SMALL_RELAYS  5u
#define SMALL_CLIENTS 3u

struct small_world {
    struct shared_heap heap;
    struct sim_config config; /* change it before small_world_start */
    struct sim_cpu cpus[2];
    struct sim_relay_config relays[SMALL_RELAYS];
    struct sim_server_config servers[1];
    struct sim_client_config clients[SMALL_CLIENTS];
    struct sim_load loads[1];
    struct sim_file files[2];
    uint32_t latency_us[4];
    struct sim_world *world;
    uint64_t traces[SMALL_RELAYS]; /* one number over all that a relay's core told */
    uint64_t trace_lines[SMALL_RELAYS];
};

/* A network with CPUs that take no time; 30 s long. */
void small_world_set_up(struct small_world *small);
/* Make it. */
void small_world_start(struct small_world *small);
/* Run it to its end. */
void small_world_run(struct small_world *small, uint32_t threads);
/* Free everything; fails the test when something is left. */
void small_world_tear_down(struct small_world *small);

/* All transfers, builds, samples and totals of a world. */
uint64_t small_world_hash(const struct sim_world *world, const struct sim_config *config);

#endif
