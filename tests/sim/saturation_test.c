/* A relay in the middle that does nothing but cells, each for the same price, and more clients than it can serve: it relays
 * what its threads and cores can do, min(threads, cores) / price, and no more. */
#include <inttypes.h>
#include <string.h>

#include "des/rate_bucket.h"
#include "sim/shared_heap.h"
#include "sim/sim_world.h"
#include "support/test.h"

#define FLOWS   8u /* as many guards, exits and clients: links spread evenly over threads */
#define RELAYS  (2 * FLOWS + 1)
#define MIDDLE  (2 * FLOWS)
#define PRICE   (10 * NSEC_PER_US) /* of a cell in, and of a cell out */
#define WARM_UP NSEC_PER_S
#define LENGTH  NSEC_PER_S

static const struct cost_table prices = {
    .ps = {.cells_received = PRICE * COST_PS_PER_NS, .cells_sent = PRICE * COST_PS_PER_NS},
    .smt_permille = 1000};
static const struct sim_file file = {.bytes = UINT64_C(1) << 40, .weight = 1};
static const struct sim_load load = {.files = &file, .file_count = 1, .request_bytes = 16};
static const uint32_t latency_us = 500;
static const struct sim_server_config server = {.line_rate = RATE_UNLIMITED};

struct plant {
    struct shared_heap heap;
    struct sim_cpu cpus[2];
    struct sim_relay_config relays[RELAYS];
    struct sim_client_config clients[FLOWS];
    uint32_t paths[FLOWS][3];
    struct sim_config config;
};

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

/* Links go to threads in turn. Together: all guards', then all exits': a circuit stays on its thread. One after the other:
 * guard, exit, guard, exit: each circuit has its halves on two threads, if there are two. */
static void set_up(struct plant *plant, uint16_t threads, uint16_t cores, bool together) {
    memset(plant, 0, sizeof *plant);
    shared_heap_init(&plant->heap);
    plant->cpus[0] = plant->cpus[1] = (struct sim_cpu){.mapping = COST_FULL,
                                                       .behaviour = SIM_BEHAVE_LOOM,
                                                       .cores = cores,
                                                       .threads_per_core = 1,
                                                       .workers = 1};
    plant->cpus[1].prices = &prices;
    for (uint32_t i = 0; i < RELAYS; i++)
        plant->relays[i] = relay_of(i);
    plant->relays[MIDDLE].cpu = 1;
    plant->relays[MIDDLE].connection_threads = threads;
    for (uint32_t i = 0; i < FLOWS; i++) {
        const uint32_t path[3] = {i, MIDDLE, FLOWS + i};
        memcpy(plant->paths[i], path, sizeof path);
        plant->clients[i] = (struct sim_client_config){.line_rate = RATE_UNLIMITED,
                                                       .start = together ? 0 : i * 100 * NSEC_PER_MS,
                                                       .path = plant->paths[i],
                                                       .sessions = 2};
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
                                        .measure_from = WARM_UP,
                                        .end = WARM_UP + LENGTH};
}

/* Cells that it took in and gave out from WARM_UP on; a pair is a relayed cell. */
static uint64_t cells_handled(struct sim_world *world, nsec until) {
    assert_int_equal(sim_world_run(world, until, 1), ERR_OK);
    struct work work = sim_world_relay(world, MIDDLE).work;
    return work.cells_received + work.cells_sent;
}

static void check(uint16_t threads, uint16_t cores, bool together) {
    struct plant plant;
    set_up(&plant, threads, cores, together);
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    uint64_t before = cells_handled(world, WARM_UP);
    uint64_t cells = (cells_handled(world, WARM_UP + LENGTH) - before) / 2;
    uint64_t at_once = threads == 0 ? 1 : threads < cores ? threads : cores;
    uint64_t expected = at_once * LENGTH / (2 * PRICE);
    print_message("%u threads on %u cores%s: %" PRIu64 " cells/s, closed form %" PRIu64 "\n", threads, cores,
                  together ? ", circuits on one thread" : "", cells, expected);
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    assert_in_range(cells, expected * 99 / 100, expected * 101 / 100);
}

static void test_throughput_is_that_of_the_closed_form(void **state) {
    (void)state;
    static const uint16_t threads[] = {0, 1, 2, 4}, cores[] = {1, 2, 4};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned j = 0; j < 3; j++) {
            if (threads[i] > 1)
                check(threads[i], cores[j], true);
            check(threads[i], cores[j], false);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throughput_is_that_of_the_closed_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
