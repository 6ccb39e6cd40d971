/* sim_small - the smallest whole network: a guard, a middle, an exit, a server and a client host, 10 ms from each other. */
#ifndef LOOM_SIM_SIM_SMALL_H
#define LOOM_SIM_SIM_SMALL_H

#include <string.h>

#include "des/rate_bucket.h"
#include "sim/sim_world.h"
#include "support/test_memory.h"

struct small_network {
    struct test_memory memory;
    struct sim_cpu cpu;
    struct sim_relay_config relays[3];
    struct sim_server_config server;
    struct sim_load load;
    struct sim_client_config client;
    uint32_t latency_us;
    struct sim_config config;
};

/* No rate has a limit. What the client does (load, sessions) and the end are the test's; the memory is its to end. */
static inline void small_network_set_up(struct small_network *n, enum cost_mapping mapping) {
    memset(n, 0, sizeof *n);
    test_memory_init(&n->memory);
    n->cpu = (struct sim_cpu){.mapping = mapping, .cores = 1, .threads_per_core = 1, .workers = 1};
    for (unsigned i = 0; i < 3; i++)
        n->relays[i] = (struct sim_relay_config){.weight = 1,
                                                 .line_rate = RATE_UNLIMITED,
                                                 .bandwidth_rate = RATE_UNLIMITED,
                                                 .bandwidth_burst = RATE_UNLIMITED,
                                                 .flags = SIM_FAST | SIM_STABLE};
    n->relays[0].flags |= SIM_GUARD;
    n->relays[2].flags |= SIM_EXIT;
    n->server.line_rate = RATE_UNLIMITED;
    n->client.line_rate = RATE_UNLIMITED;
    n->latency_us = 10000;
    n->config = (struct sim_config){.memory = &n->memory.memory,
                                    .geography = {.countries = 1, .latency_us = &n->latency_us},
                                    .cpus = &n->cpu,
                                    .relays = n->relays,
                                    .servers = &n->server,
                                    .loads = &n->load,
                                    .clients = &n->client,
                                    .cpu_count = 1,
                                    .relay_count = 3,
                                    .server_count = 1,
                                    .load_count = 1,
                                    .client_count = 1};
}

#endif
