#include "sim/sim_world.h"

#include <string.h>

#include "sim/sim_small.h"
#include "support/test.h"
#include "support/test_memory.h"

/* One guard, one middle, one exit, one server and a client, 10 ms from each other. Larger worlds: tests/sim. */
struct bench {
    struct small_network net;
    struct sim_file file;
};

static void set_up(struct bench *b) {
    small_network_set_up(&b->net, COST_FULL);
    b->file = (struct sim_file){.bytes = 100000, .weight = 1, .timeout = 5 * NSEC_PER_S};
    b->net.load = (struct sim_load){.files = &b->file,
                                    .file_count = 1,
                                    .request_bytes = 100,
                                    .pause = 2 * NSEC_PER_S,
                                    .is_periodic = true,
                                    .circuit_timeout = 3 * NSEC_PER_S};
    b->net.client.sessions = 1;
    b->net.config.end = 10 * NSEC_PER_S;
}

static struct sim_world *run(struct bench *b) {
    struct sim_world *world = sim_world_new(&b->net.config);
    assert_non_null(world);
    assert_int_equal(sim_world_run(world, b->net.config.end, 1), ERR_OK);
    sim_world_finish(world);
    return world;
}

static void tear_down(struct bench *b, struct sim_world *world) {
    sim_world_free(world);
    test_memory_fini(&b->net.memory);
}

static void test_a_file_is_fetched_every_two_seconds(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    struct sim_world *world = run(&b);
    struct sim_client_measure m = sim_world_client(world, 0);
    assert_in_range(m.transfer_count, 4, 5);
    for (uint64_t i = 0; i < m.transfer_count; i++) {
        const struct sim_transfer *t = &m.transfers[i];
        if (t->outcome == SIM_OUTCOME_UNFINISHED)
            continue;
        assert_int_equal(t->outcome, SIM_OUTCOME_DONE);
        assert_int_equal(t->relays[0], 0);
        assert_int_equal(t->relays[1], 1);
        assert_int_equal(t->relays[2], 2);
        assert_int_equal(t->bytes, 100000);
        assert_true(t->is_new_circuit);
        assert_in_range(t->connected - t->asked, 80 * NSEC_PER_MS, 81 * NSEC_PER_MS);
        assert_true(t->started < t->circuit_built && t->circuit_built <= t->asked);
        assert_true(t->connected < t->first_byte && t->first_byte < t->last_byte);
        if (i > 0)
            assert_int_equal(t->started - m.transfers[i - 1].started, 2 * NSEC_PER_S);
    }
    assert_in_range(m.build_count, 4, 5);
    for (uint64_t i = 0; i < m.build_count;
         i++) /* one hop, two hops, three hops and back; links on the way */
        assert_in_range(m.builds[i].took, 120 * NSEC_PER_MS, 300 * NSEC_PER_MS);
    tear_down(&b, world);
}

static void test_nobody_does_nothing(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    b.net.config.client_count = 0;
    struct sim_world *world = run(&b);
    struct sim_totals totals = sim_world_totals(world);
    assert_int_equal(totals.events, 0);
    assert_int_equal(totals.cells_relayed, 0);
    struct sim_relay_measure m = sim_world_relay(world, 1);
    assert_int_equal(m.sample_count, 10);
    assert_int_equal(m.thread_count, 2);
    assert_int_equal(m.samples[9].inputs, 0);
    tear_down(&b, world);
    sim_world_free(NULL);
}

/* Each way in which a fetch can fail. */
static enum sim_outcome first_outcome(struct bench *b) {
    struct sim_world *world = run(b);
    struct sim_client_measure m = sim_world_client(world, 0);
    assert_true(m.transfer_count > 0);
    enum sim_outcome outcome = (enum sim_outcome)m.transfers[0].outcome;
    assert_true(sim_world_totals(world).transfers_failed > 0);
    tear_down(b, world);
    return outcome;
}

static void test_what_goes_wrong_has_a_name(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    b.net.relays[2].flags = SIM_FAST;
    assert_int_equal(first_outcome(&b), SIM_OUTCOME_NO_PATH);
    set_up(&b);
    b.file.timeout = 100 * NSEC_PER_MS; /* connected, but no answer yet */
    assert_int_equal(first_outcome(&b), SIM_OUTCOME_TIMEOUT);
    set_up(&b);
    b.net.load.circuit_timeout = 50 * NSEC_PER_MS;
    assert_int_equal(first_outcome(&b), SIM_OUTCOME_CIRCUIT_TIMEOUT);
    set_up(&b);
    const uint32_t twice[3] = {0, 1, 1}; /* a relay does not extend to itself */
    b.net.client.path = twice;
    assert_int_equal(first_outcome(&b), SIM_OUTCOME_CIRCUIT_FAILED);
    set_up(&b);
    const uint32_t no_exit[3] = {0, 2, 1};
    b.net.client.path = no_exit;
    assert_int_equal(first_outcome(&b), SIM_OUTCOME_STREAM_ENDED);
}

/* A fetch every ten minutes: the connection to the guard is closed three minutes after it, and made anew for the next. */
static void test_idle_connections_are_closed(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    b.net.load.pause = 600 * NSEC_PER_S;
    b.net.config.end = 700 * NSEC_PER_S;
    struct sim_world *world = sim_world_new(&b.net.config);
    assert_non_null(world);
    nsec first = NSEC_NEVER;
    for (nsec now = 0; now < b.net.config.end; now += 10 * NSEC_PER_S) {
        assert_int_equal(sim_world_run(world, now, 1), ERR_OK);
        struct sim_client_measure m = sim_world_client(world, 0);
        if (m.transfer_count > 0 && first == NSEC_NEVER)
            first = m.transfers[0].last_byte;
        uint64_t links = sim_world_totals(world).links; /* of relays to each other: four sides */
        if (first != NSEC_NEVER && now > first && now < first + 580 * NSEC_PER_S)
            assert_int_equal(links, now < first + 180 * NSEC_PER_S ? 5 : 4);
    }
    assert_true(first != NSEC_NEVER);
    sim_world_finish(world);
    tear_down(&b, world);
}

/* Of each fetch: all its bytes, in bins of its time; and a round trip from the exit to the client and back. */
static void test_what_a_server_sees(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    b.net.config.observe_bin = 100 * NSEC_PER_MS;
    b.net.client.observed = SIM_OBSERVED_FLOWS;
    struct sim_world *world = run(&b);
    struct sim_client_measure m = sim_world_client(world, 0);
    struct sim_sights seen = sim_world_server_sights(world, 0);
    assert_int_equal(sim_world_probe_sights(world, 0).count, 0);
    assert_in_range(seen.count, 4, 5);
    for (uint32_t i = 0; i < seen.count; i++) {
        const struct sim_sight *sight = &seen.sights[i];
        const struct sim_transfer *t = &m.transfers[i];
        uint64_t sum = 0;
        for (uint32_t bin = 0; bin < sight->bins; bin++)
            sum += sight->bytes[bin];
        assert_int_equal(sum, sight->total);
        assert_int_equal(sight->relay, 2);
        assert_int_equal(sight->client, 0);
        assert_true(t->asked < sight->came && sight->came < sight->asked);
        /* exit, middle, guard, client, each 10 ms; and the same back */
        assert_in_range(sight->asked - sight->came, 60 * NSEC_PER_MS, 62 * NSEC_PER_MS);
        assert_in_range(sight->exit_trip, 20 * NSEC_PER_MS, 26 * NSEC_PER_MS);
        assert_true(sight->first_bin == (sight->asked - 1) / b.net.config.observe_bin);
        if (t->outcome == SIM_OUTCOME_DONE)
            assert_int_equal(sum, 100000);
    }
    tear_down(&b, world);
}

/* Looking changes nothing of what is looked at. */
static void test_who_is_observed_does_the_same(void **state) {
    (void)state;
    struct bench seen, unseen;
    set_up(&seen);
    set_up(&unseen);
    seen.net.config.observe_bin = 10 * NSEC_PER_MS;
    seen.net.client.observed = SIM_OBSERVED_FLOWS;
    struct sim_world *with = run(&seen), *without = run(&unseen);
    struct sim_client_measure a = sim_world_client(with, 0), c = sim_world_client(without, 0);
    assert_int_equal(a.transfer_count, c.transfer_count);
    for (uint64_t i = 0; i < a.transfer_count; i++) {
        assert_int_equal(a.transfers[i].asked, c.transfers[i].asked);
        assert_int_equal(a.transfers[i].first_byte, c.transfers[i].first_byte);
        assert_int_equal(a.transfers[i].last_byte, c.transfers[i].last_byte);
    }
    tear_down(&seen, with);
    tear_down(&unseen, without);
}

/* Two hops: the relay that is asked about, and the exit. */
static void test_a_probe(void **state) {
    (void)state;
    static const uint32_t path[2] = {1, 2};
    struct bench b;
    set_up(&b);
    b.file = (struct sim_file){.bytes = UINT64_C(1) << 40, .weight = 1};
    b.net.config.observe_bin = 100 * NSEC_PER_MS;
    b.net.client.is_probe = true;
    b.net.client.path = path;
    b.net.relays[1].line_rate = 1000000;
    struct sim_world *world = run(&b);
    struct sim_client_measure m = sim_world_client(world, 0);
    struct sim_sights seen = sim_world_probe_sights(world, 0);
    assert_int_equal(sim_world_server_sights(world, 0).count, 0);
    assert_int_equal(m.transfer_count, 1);
    assert_int_equal(m.transfers[0].outcome, SIM_OUTCOME_UNFINISHED);
    assert_int_equal(m.transfers[0].relays[0], 1);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.sights[0].relay, 1);
    assert_int_equal(seen.sights[0].total, m.bytes_received);
    assert_int_equal(seen.sights[0].first_bin + seen.sights[0].bins, 100);
    for (uint32_t bin = 30; bin < seen.sights[0].bins; bin++) /* less what TLS and TCP take */
        assert_in_range(seen.sights[0].bytes[bin], 70000, 100000);
    tear_down(&b, world);
}

/* The first transfer of a server that responds before it sends the file, whose TCP begins with so many segments. */
static struct sim_transfer after_a_response(uint32_t first_window) {
    struct bench b;
    set_up(&b);
    b.net.load.has_response = true;
    b.net.config.first_window = first_window;
    struct sim_world *world = run(&b);
    struct sim_transfer first = sim_world_client(world, 0).transfers[0];
    assert_int_equal(first.outcome, SIM_OUTCOME_DONE);
    assert_int_equal(first.bytes, 100000);
    assert_in_range(first.responded - first.connected, 80 * NSEC_PER_MS, 85 * NSEC_PER_MS);
    tear_down(&b, world);
    return first;
}

/* From exit to server and back it is 20 ms. */
static void test_a_file_waits_for_the_ack_of_the_response_before_it(void **state) {
    (void)state;
    struct sim_transfer small = after_a_response(1), large = after_a_response(10);
    assert_in_range(small.first_byte - small.responded, 20 * NSEC_PER_MS, 27 * NSEC_PER_MS);
    assert_in_range(large.first_byte - large.responded, 0, 5 * NSEC_PER_MS);
}

/* TCP, TLS, and the link's own handshake: three round trips of 20 ms at least; the next circuit finds the link. */
static void test_a_build_knows_when_it_was_decided_on(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    struct sim_world *world = run(&b);
    struct sim_client_measure m = sim_world_client(world, 0);
    assert_true(m.build_count > 1);
    assert_in_range(m.builds[0].started - m.builds[0].decided, 60 * NSEC_PER_MS, 90 * NSEC_PER_MS);
    assert_int_equal(m.builds[1].started, m.builds[1].decided);
    tear_down(&b, world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_waits_for_the_ack_of_the_response_before_it),
        cmocka_unit_test(test_a_build_knows_when_it_was_decided_on),
        cmocka_unit_test(test_a_file_is_fetched_every_two_seconds),
        cmocka_unit_test(test_nobody_does_nothing),
        cmocka_unit_test(test_what_goes_wrong_has_a_name),
        cmocka_unit_test(test_idle_connections_are_closed),
        cmocka_unit_test(test_what_a_server_sees),
        cmocka_unit_test(test_who_is_observed_does_the_same),
        cmocka_unit_test(test_a_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
