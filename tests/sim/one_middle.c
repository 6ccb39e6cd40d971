#include "sim/one_middle.h"

#include <string.h>

#include "des/rate_bucket.h"
#include "support/test.h"

static const struct sim_file file = {.bytes = UINT64_C(1) << 40, .weight = 1};
static const struct sim_load load = {.files = &file, .file_count = 1, .request_bytes = 16};
static const uint32_t latency_us = 500;
static const struct sim_server_config server = {.line_rate = RATE_UNLIMITED};

static struct sim_relay_config relay_of(uint32_t number) {
    struct sim_relay_config relay = {.weight = 1,
                                     .line_rate = RATE_UNLIMITED,
                                     .bandwidth_rate = RATE_UNLIMITED,
                                     .bandwidth_burst = RATE_UNLIMITED,
                                     .flags = SIM_FAST | SIM_STABLE};
    if (number != MIDDLE)
        relay.flags |= number < FLOWS ? SIM_GUARD : SIM_EXIT;
    return relay;
}

void one_middle_init(struct one_middle *plant, uint16_t cores, const struct cost_table *prices, nsec warm_up,
                     nsec length) {
    memset(plant, 0, sizeof *plant);
    shared_heap_init(&plant->heap);
    plant->cpus[0] = plant->cpus[1] = (struct sim_cpu){.mapping = COST_FULL,
                                                       .behaviour = SIM_BEHAVE_LOOM,
                                                       .cores = cores,
                                                       .threads_per_core = 1,
                                                       .workers = 1};
    plant->cpus[1].prices = prices;
    for (uint32_t i = 0; i < RELAYS; i++)
        plant->relays[i] = relay_of(i);
    plant->relays[MIDDLE].cpu = 1;
    for (uint32_t i = 0; i < FLOWS; i++) {
        const uint32_t path[3] = {i, MIDDLE, FLOWS + i};
        memcpy(plant->paths[i], path, sizeof path);
        plant->clients[i] =
            (struct sim_client_config){.line_rate = RATE_UNLIMITED, .path = plant->paths[i], .sessions = 2};
    }
    plant->config = (struct sim_config){.memory = &plant->heap.memory,
                                        .seed = 1,
                                        .geography = {.countries = 1, .latency_us = &latency_us},
                                        .cpus = plant->cpus,
                                        .relays = plant->relays,
                                        .servers = &server,
                                        .loads = &load,
                                        .clients = plant->clients,
                                        .cpu_count = 2,
                                        .relay_count = RELAYS,
                                        .server_count = 1,
                                        .load_count = 1,
                                        .client_count = FLOWS,
                                        .measure_from = warm_up,
                                        .end = warm_up + length};
}

uint64_t one_middle_cells_handled(struct sim_world *world, nsec until, uint32_t threads) {
    assert_int_equal(sim_world_run(world, until, threads), ERR_OK);
    struct work work = sim_world_relay(world, MIDDLE).work;
    return work.cells_received + work.cells_sent;
}
