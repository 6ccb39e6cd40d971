/* A relay with a limited rate, several threads and few links: whichever threads the links are on, the relay sends at its
 * rate, never more than rate and burst together, and threads that want more get the same. */
#include <string.h>

#include "des/rate_bucket.h"
#include "sim/shared_heap.h"
#include "sim/sim_world.h"
#include "support/test.h"

#define FLOWS_MAX 8u
#define MIDDLE    (2 * FLOWS_MAX)
#define RELAYS    (MIDDLE + 1)
#define WARM_UP   (3 * NSEC_PER_S)

static const struct sim_file file = {.bytes = UINT64_C(1) << 40, .weight = 1};
static const struct sim_load load = {.files = &file, .file_count = 1, .request_bytes = 16};
static const uint32_t latency_us = 5000;
static const struct sim_server_config server = {.line_rate = RATE_UNLIMITED};
static const struct sim_cpu cpu = {
    .mapping = COST_FULL, .behaviour = SIM_BEHAVE_LOOM, .cores = 8, .threads_per_core = 1, .workers = 1};

struct plant {
    struct shared_heap heap;
    struct sim_relay_config relays[RELAYS];
    struct sim_client_config clients[FLOWS_MAX];
    uint32_t paths[FLOWS_MAX][3];
    struct sim_config config;
};

static void set_up(struct plant *plant, uint16_t threads, uint32_t flows, uint64_t rate, nsec length) {
    memset(plant, 0, sizeof *plant);
    shared_heap_init(&plant->heap);
    for (uint32_t i = 0; i < RELAYS; i++) {
        uint64_t limit = i == MIDDLE ? rate : RATE_UNLIMITED;
        plant->relays[i] = (struct sim_relay_config){.weight = 1,
                                                     .line_rate = RATE_UNLIMITED,
                                                     .bandwidth_rate = limit,
                                                     .bandwidth_burst = limit,
                                                     .flags = SIM_FAST | SIM_STABLE |
                                                              (i == MIDDLE     ? 0
                                                               : i < FLOWS_MAX ? SIM_GUARD
                                                                               : SIM_EXIT)};
    }
    plant->relays[MIDDLE].connection_threads = threads;
    for (uint32_t i = 0; i < flows; i++) {
        const uint32_t path[3] = {i, MIDDLE, FLOWS_MAX + i};
        memcpy(plant->paths[i], path, sizeof path);
        plant->clients[i] =
            (struct sim_client_config){.line_rate = RATE_UNLIMITED, .path = plant->paths[i], .sessions = 4};
    }
    plant->config = (struct sim_config){.memory = &plant->heap.memory,
                                        .seed = 1,
                                        .geography = {.countries = 1, .latency_us = &latency_us},
                                        .cpus = &cpu,
                                        .relays = plant->relays,
                                        .servers = &server,
                                        .loads = &load,
                                        .clients = plant->clients,
                                        .cpu_count = 1,
                                        .relay_count = RELAYS,
                                        .server_count = 1,
                                        .load_count = 1,
                                        .client_count = flows,
                                        .measure_from = WARM_UP,
                                        .end = WARM_UP + length};
}

static uint64_t sent_by_middle(struct sim_world *world, nsec until) {
    assert_int_equal(sim_world_run(world, until, 1), ERR_OK);
    return sim_world_relay(world, MIDDLE).work.bytes_sent;
}

static void check(uint16_t threads, uint32_t flows, uint64_t rate, nsec length) {
    struct plant plant;
    set_up(&plant, threads, flows, rate, length);
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    uint64_t before = sent_by_middle(world, WARM_UP);
    uint64_t sent = sent_by_middle(world, WARM_UP + length) - before;
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    uint64_t expected = rate * (length / NSEC_PER_S);
    assert_true(before <= rate + rate * (WARM_UP / NSEC_PER_S));
    assert_in_range(sent, expected * 97 / 100, expected * 101 / 100);
}

static void test_a_rate_is_reached_by_few_links(void **state) {
    (void)state;
    static const uint16_t threads[] = {0, 1, 2, 4, 8};
    static const struct {
        uint32_t flows;
        uint64_t rate;
        nsec length; /* a record at either end must not be seen */
    } cases[] = {{2, 200000, 20 * NSEC_PER_S},
                 {1, 3840000, 5 * NSEC_PER_S},
                 {2, 3840000, 5 * NSEC_PER_S},
                 {4, 20000000, 5 * NSEC_PER_S}};
    for (unsigned i = 0; i < 5; i++)
        for (unsigned j = 0; j < 4; j++)
            check(threads[i], cases[j].flows, cases[j].rate, cases[j].length);
}

/* A network interface of 150 Mbit/s for both directions together: a relay carries half of that, less what headers, acks and
 * SENDMEs take; and one with as much for each direction carries twice as much. */
static uint64_t carried_mbit(bool both_ways) {
    const uint64_t line_rate = 18750000;
    struct plant plant;
    set_up(&plant, 1, 8, RATE_UNLIMITED, 5 * NSEC_PER_S);
    plant.relays[MIDDLE].line_rate = line_rate;
    plant.relays[MIDDLE].line_both_ways = both_ways;
    struct sim_world *world = sim_world_new(&plant.config);
    assert_non_null(world);
    uint64_t before = sent_by_middle(world, WARM_UP);
    uint64_t sent = sent_by_middle(world, WARM_UP + 5 * NSEC_PER_S) - before;
    sim_world_free(world);
    assert_int_equal(atomic_load(&plant.heap.live_bytes), 0);
    return sent * 8 / 5 / 1000000;
}

static void test_a_line_for_both_directions_is_half_a_line(void **state) {
    (void)state;
    const uint64_t payload_percent = 100 * 1460 / 1500; /* of a segment */
    uint64_t each = carried_mbit(false), both = carried_mbit(true);
    print_message("%u Mbit/s with 150 each way, %u with 150 both ways\n", (unsigned)each, (unsigned)both);
    assert_in_range(each, 150 * payload_percent / 100 * 95 / 100, 150 * payload_percent / 100);
    assert_in_range(both, 75 * payload_percent / 100 * 95 / 100, 75 * payload_percent / 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_rate_is_reached_by_few_links),
        cmocka_unit_test(test_a_line_for_both_directions_is_half_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
