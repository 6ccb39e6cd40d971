/* A relay in the middle with two threads, where all that is heavy has come to one of them: in turn, it stays so; moving, both
 * come to work, and nothing is lost on the way. */
#include <inttypes.h>
#include <string.h>

#include "des/rate_bucket.h"
#include "sim/shared_heap.h"
#include "sim/sim_world.h"
#include "support/test.h"

/* Two flows at a time: the light one's link comes before the heavy one's circuit goes on. So, in turn, links of heavy ones have
 * one thread, into the relay and out of it, and links of light ones the other. */
#define FLOWS      8u
#define NEXT       (100 * NSEC_PER_US)
#define LIGHT_RATE 20000u
#define RELAYS     (2 * FLOWS + 1)
#define MIDDLE     (2 * FLOWS)
#define PRICE      (50 * NSEC_PER_US) /* of a cell in, and of a cell out */
#define WARM_UP    (14 * NSEC_PER_S)  /* loads become known, and links move, one a second */
#define LENGTH     (4 * NSEC_PER_S)

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

static void set_up(struct plant *plant, enum balance_policy policy) {
    memset(plant, 0, sizeof *plant);
    shared_heap_init(&plant->heap);
    plant->cpus[0] = plant->cpus[1] = (struct sim_cpu){
        .mapping = COST_FULL, .behaviour = SIM_BEHAVE_LOOM, .cores = 3, .threads_per_core = 1, .workers = 1};
    plant->cpus[1].prices = &prices;
    for (uint32_t i = 0; i < RELAYS; i++)
        plant->relays[i] = relay_of(i);
    plant->relays[MIDDLE].cpu = 1;
    plant->relays[MIDDLE].connection_threads = 2;
    plant->relays[MIDDLE].balancing = policy;
    for (uint32_t i = 0; i < FLOWS; i++) {
        const uint32_t path[3] = {i, MIDDLE, FLOWS + i};
        memcpy(plant->paths[i], path, sizeof path);
        plant->clients[i] = (struct sim_client_config){.line_rate = i % 2 ? LIGHT_RATE : RATE_UNLIMITED,
                                                       .start = i / 2 * (100 * NSEC_PER_MS) + i % 2 * NEXT,
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

struct outcome {
    uint64_t cells; /* relayed in LENGTH */
    uint64_t moves;
    uint64_t bytes; /* that clients have received */
};

static uint64_t cells_handled(struct sim_world *world, nsec until, uint32_t threads) {
    assert_int_equal(sim_world_run(world, until, threads), ERR_OK);
    struct work work = sim_world_relay(world, MIDDLE).work;
    return work.cells_received + work.cells_sent;
}

static struct outcome run(enum balance_policy policy, uint32_t threads) {
    struct plant plant;
    struct outcome outcome = {0};
    set_up(&plant, policy);
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    uint64_t before = cells_handled(world, WARM_UP, threads);
    outcome.cells = (cells_handled(world, WARM_UP + LENGTH, threads) - before) / 2;
    outcome.moves = sim_world_relay(world, MIDDLE).moves;
    for (uint32_t i = 0; i < FLOWS; i++)
        outcome.bytes += sim_world_client(world, i).bytes_received;
    assert_int_equal(sim_world_totals(world).circuits_failed, 0);
    assert_int_equal(sim_world_totals(world).transfers_failed, 0);
    print_message("policy %d: %" PRIu64 " cells, %" PRIu64 " moves\n", policy, outcome.cells, outcome.moves);
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    return outcome;
}

static void test_moving_sets_both_threads_to_work(UNUSED void **state) {
    const uint64_t one_thread = LENGTH / (2 * PRICE);
    struct outcome in_turn = run(BALANCE_ROUND_ROBIN, 1), moving = run(BALANCE_MOVING, 1);
    assert_true(in_turn.cells < one_thread * 15 / 10);
    assert_int_equal(in_turn.moves, 0);
    assert_true(moving.cells > one_thread * 18 / 10);
    assert_in_range(moving.moves, 1, 12);
}

/* The light links are few cells: what came before the heavy ones were known is not undone. */
static void test_links_that_are_there_stay_without_moves(UNUSED void **state) {
    struct outcome in_turn = run(BALANCE_ROUND_ROBIN, 1), least_busy = run(BALANCE_LEAST_BUSY, 1);
    assert_in_range(least_busy.cells, in_turn.cells * 9 / 10, in_turn.cells * 11 / 10);
}

static void test_the_same_whatever_the_threads_of_the_engine(UNUSED void **state) {
    struct outcome one = run(BALANCE_MOVING, 1), two = run(BALANCE_MOVING, 2);
    assert_memory_equal(&one, &two, sizeof one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_sets_both_threads_to_work),
        cmocka_unit_test(test_links_that_are_there_stay_without_moves),
        cmocka_unit_test(test_the_same_whatever_the_threads_of_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
