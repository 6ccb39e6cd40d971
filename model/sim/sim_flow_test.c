#include "sim/sim_small.h"
#include "sim/sim_world.h"
#include "support/test.h"
#include "support/test_memory.h"

/* start -> A -> A again and again, or then B, the end. */
static const uint64_t always[] = {1};
static const uint16_t to_a[] = {1}, to_a_or_b[] = {1, 2};
static const struct markov_emission over[] = {{MARKOV_END, {MARKOV_UNIFORM, 0, 0}}};
#define CHAIN(name, go_on, stop, shares, seen, n)                             \
    static const uint64_t name##_next[] = {go_on, (go_on) + (stop)};          \
    static const struct markov_state name##_states[] = {                      \
        {.next_weights = always, .next = to_a, .next_count = 1},              \
        {name##_next, to_a_or_b, 2, shares, seen, n},                         \
        {.emission_weights = always, .emissions = over, .emission_count = 1}, \
    };                                                                        \
    static const struct markov_model name = {name##_states, COUNT(name##_states), 0}

/* A flow each second, or each 10 ms; streams 300 ms apart, three of a flow on average; packets mostly from the server. */
static const struct markov_emission each_second[] = {
    {MARKOV_TO_SERVER, {MARKOV_UNIFORM, 1000000000, 1000000000}}};
static const struct markov_emission each_10ms[] = {{MARKOV_TO_SERVER, {MARKOV_UNIFORM, 10000000, 10000000}}};
static const struct markov_emission each_300ms[] = {
    {MARKOV_TO_ORIGIN, {MARKOV_UNIFORM, 300000000, 300000000}}};
static const struct markov_emission packet[] = {{MARKOV_TO_SERVER, {MARKOV_EXPONENTIAL, 2000000, 0}},
                                                {MARKOV_TO_ORIGIN, {MARKOV_EXPONENTIAL, 2000000, 0}}};
static const uint64_t one_to_five[] = {1, 6};
CHAIN(flows, 1, 0, always, each_second, 1);
CHAIN(many_flows, 1, 0, always, each_10ms, 1);
CHAIN(streams, 2, 1, always, each_300ms, 1);
CHAIN(long_streams, 29, 1, always, each_second, 1);
CHAIN(packets, 59, 1, one_to_five, packet, 2);
CHAIN(endless_packets, 1, 0, one_to_five, packet, 2);

/* One guard, one middle, one exit, a server and a client, 10 ms from each other. */
struct bench {
    struct small_network net;
    struct sim_flows models;
};

static void set_up(struct bench *b) {
    small_network_set_up(&b->net, COST_VANILLA);
    b->models = (struct sim_flows){&flows, &streams, &packets, 600 * NSEC_PER_S, 300 * NSEC_PER_S, 0};
    b->net.load = (struct sim_load){.flows = &b->models};
    b->net.client.sessions = 20;
    b->net.config.end = 100 * NSEC_PER_S;
    char what[128];
    assert_true(sim_config_check(&b->net.config, what, sizeof what));
}

static struct sim_client_measure run(struct bench *b, struct sim_world **world_out) {
    struct sim_world *world = sim_world_new(&b->net.config);
    assert_non_null(world);
    assert_int_equal(sim_world_run(world, b->net.config.end, 1), ERR_OK);
    sim_world_finish(world);
    *world_out = world;
    return sim_world_client(world, 0);
}

static void tear_down(struct bench *b, struct sim_world *world) {
    sim_world_free(world);
    test_memory_fini(&b->net.memory);
}

/* A hundred flows of three streams of sixty packets, five of six from the server. */
static void flows_bring_their_streams(void **state) {
    (void)state;
    struct bench b;
    struct sim_world *world;
    set_up(&b);
    struct sim_client_measure m = run(&b, &world);
    assert_in_range(m.flows, 100, 101);
    assert_int_equal(m.flows_left_out, 0);
    assert_int_equal(m.transfer_count, 0);
    assert_int_equal(m.streams_failed, 0);
    assert_in_range(m.streams_done, 200, 420);
    assert_in_range(m.bytes_received / m.streams_done, 1434 * 40, 1434 * 60);
    assert_in_range(m.build_count, 99, 101); /* a circuit for each */
    struct sim_totals totals = sim_world_totals(world);
    assert_int_equal(totals.transfers_done, m.streams_done);
    assert_true(totals.halves < 50); /* the others are gone */
    tear_down(&b, world);
}

/* A flow each second, which lasts 30 s on average: after a minute, 30 (1 - 1/e^2) = 26 are there. */
static void flows_that_have_an_age_are_there_at_the_start(void **state) {
    (void)state;
    uint64_t began[2];
    for (unsigned i = 0; i < 2; i++) {
        struct bench b;
        struct sim_world *world;
        set_up(&b);
        b.models.streams = &long_streams;
        b.models.age = i * 60 * NSEC_PER_S;
        b.net.client.sessions = 200;
        b.net.config.end = 2 * NSEC_PER_S;
        struct sim_client_measure m = run(&b, &world);
        assert_int_equal(m.flows_left_out, 0);
        began[i] = m.flows;
        tear_down(&b, world);
    }
    assert_in_range(began[0], 2, 3);
    assert_in_range(began[1], began[0] + 15, began[0] + 45);
}

static void more_flows_than_sessions_are_left_out(void **state) {
    (void)state;
    struct bench b;
    struct sim_world *world;
    set_up(&b);
    b.models.flows = &many_flows;
    b.net.config.end = 5 * NSEC_PER_S;
    struct sim_client_measure m = run(&b, &world);
    assert_in_range(m.flows + m.flows_left_out, 500, 501);
    assert_true(m.flows_left_out > 100);
    assert_true(m.flows > 40);
    tear_down(&b, world);
}

static void streams_without_end_are_given_up(void **state) {
    (void)state;
    struct bench b;
    struct sim_world *world;
    set_up(&b);
    b.models.packets = &endless_packets;
    b.models.timeout = 2 * NSEC_PER_S;
    b.net.config.end = 20 * NSEC_PER_S;
    struct sim_client_measure m = run(&b, &world);
    assert_int_equal(m.streams_done, 0);
    assert_in_range(m.streams_failed, 20, 100);
    assert_true(m.bytes_received > 1000000);
    tear_down(&b, world);
}

static void without_a_path_nothing_comes(void **state) {
    (void)state;
    struct bench b;
    struct sim_world *world;
    set_up(&b);
    b.net.relays[2].flags = SIM_FAST;
    b.net.config.end = 20 * NSEC_PER_S;
    struct sim_client_measure m = run(&b, &world);
    assert_in_range(m.flows, 20, 21);
    assert_int_equal(m.streams_done, 0);
    assert_in_range(m.streams_failed, 20, 21);
    tear_down(&b, world);
}

/* tor's patience: a circuit that cannot be built is tried again, and then the streams that wait for it are given up. */
static void circuits_that_fail_are_replaced(void **state) {
    (void)state;
    struct bench b;
    struct sim_world *world;
    set_up(&b);
    b.net.load.circuit_timeout = 50 * NSEC_PER_MS;
    b.net.config.end = 125 * NSEC_PER_S;
    b.net.client.sessions = 3;
    struct sim_client_measure m = run(&b, &world);
    assert_int_equal(m.streams_done, 0);
    assert_true(m.build_count > 20 * m.flows);
    assert_in_range(m.streams_failed, 3, 30);
    tear_down(&b, world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_bring_their_streams),
        cmocka_unit_test(flows_that_have_an_age_are_there_at_the_start),
        cmocka_unit_test(more_flows_than_sessions_are_left_out),
        cmocka_unit_test(streams_without_end_are_given_up),
        cmocka_unit_test(without_a_path_nothing_comes),
        cmocka_unit_test(circuits_that_fail_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
