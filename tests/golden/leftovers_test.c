/* What is still on its way when something ends must not reach what comes after it. */
#include "golden/village.h"
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "origin/origin_path.h"
#include "support/test.h"

static void say(struct village *v, uint8_t command, uint16_t stream, const void *data, size_t length) {
    struct relay_message m = {.command = command, .stream = stream, .data = {data, length}};
    assert_int_equal(origin_path_send(&v->victim.circuit->path, 2, CELL_RELAY, &m, CELL_MUST), ERR_OK);
}

/* The second relay, with two managers, is told to drop the third while that sends at full speed. Its cells stop at once, and
 * the circuit can be extended again. */
static void truncate_in_mid_transfer(void **state) {
    (void)state;
    for (unsigned delay_ms = 0; delay_ms < 80; delay_ms += 3) {
        struct village v;
        village_set_up(&v, NULL);
        v.server = (struct memnet_server){
            .host = "victim.test", .port = 80, .sends = 2000000, .sends_seed = 7, .closes = true};
        v.victim.expects = 2000000;
        v.victim.expects_seed = 7;
        village_begin_honest(&v);
        village_begin_victim(&v);
        memnet_run_for(v.net, delay_ms * NSEC_PER_MS);
        assert_int_equal(origin_circuit_truncate(v.victim.circuit, memnet_now(v.net), 1), ERR_OK);
        memnet_client_turn(v.victim.client);
        memnet_run_for(v.net, 2 * NSEC_PER_S);
        assert_true(v.victim.is_truncated);
        assert_false(v.victim.is_closed);
        assert_int_equal(v.victim.circuit->path.hop_count, 2);
        assert_int_equal(v.server.closed, 1);
        origin_circuit_end(v.victim.circuit, memnet_now(v.net), v.victim.stream, END_MISC);
        assert_int_equal(origin_circuit_extend(v.victim.circuit, memnet_now(v.net), &v.victim.path[2]),
                         ERR_OK);
        memnet_client_turn(v.victim.client);
        assert_true(memnet_run_until_set(v.net, &v.victim.is_over, 30 * NSEC_PER_S));
        assert_int_equal(v.victim.received, 2000000);
        assert_false(v.victim.has_mismatch);
        village_tear_down(&v);
    }
}

/* BEGIN, END and BEGIN with the same id in one burst: the edge of the first is opened and closed, and the second stream's
 * bytes go where it wanted them. */
static void stream_id_used_again_at_once(void **state) {
    (void)state;
    struct village v;
    struct memnet_server first = {.host = "first.test", .port = 80};
    struct memnet_server second = {.host = "second.test", .port = 80, .echoes = true};
    village_set_up(&v, NULL);
    memnet_server_add(v.net, &first);
    memnet_server_add(v.net, &second);
    village_begin_victim(&v);
    for (unsigned i = 0; i < 5; i++) {
        say(&v, RELAY_BEGIN, 99, "first.test:80", 14);
        say(&v, RELAY_DATA, 99, "to the first", 12);
        say(&v, RELAY_END, 99, NULL, 0);
    }
    say(&v, RELAY_BEGIN, 99, "second.test:80", 15);
    say(&v, RELAY_DATA, 99, "to the second", 13);
    memnet_client_turn(v.victim.client);
    memnet_run_for(v.net, 2 * NSEC_PER_S);
    assert_false(v.victim.is_closed);
    assert_int_equal(first.connections, first.closed);
    assert_int_equal(second.connections, 1);
    assert_int_equal(second.bytes_in, 13);
    village_tear_down(&v);
    assert_int_equal(second.closed, 1);
}

/* The origin has ended the stream, but the destination does not take what is left. */
static void destination_that_does_not_read_is_left(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    v.server.is_stalled = true;
    v.victim.sends = 50000;
    v.victim.keeps_circuit = true;
    village_begin_victim(&v);
    memnet_run_for(v.net, NSEC_PER_S);
    origin_circuit_end(v.victim.circuit, memnet_now(v.net), v.victim.stream, END_DONE);
    v.victim.stream = NULL;
    memnet_client_turn(v.victim.client);
    memnet_run_for(v.net, 30 * NSEC_PER_S);
    assert_int_equal(v.server.closed, 0);
    memnet_run_for(v.net, 40 * NSEC_PER_S);
    assert_int_equal(v.server.closed, 1);
    assert_false(v.victim.is_closed);
    village_tear_down(&v);
}

/* The origin gives up at any moment of the building of its circuit. */
static void freed_at_any_moment(void **state) {
    (void)state;
    for (unsigned at_us = 100; at_us < 300000; at_us += 1370) {
        struct village v;
        village_set_up(&v, NULL);
        v.victim.sends = 3000;
        assert_true(journey_begin(&v.victim, v.net, v.relays, VILLAGE_RELAYS));
        memnet_run_for(v.net, at_us * NSEC_PER_US);
        if (v.victim.circuit && at_us % 2740 < 1370)
            journey_finish(&v.victim);
        else
            memnet_client_hangup(v.victim.client);
        v.victim.circuit = NULL;
        memnet_run_for(v.net, 120 * NSEC_PER_S);
        for (unsigned i = 0; i < VILLAGE_RELAYS; i++)
            assert_int_equal(memnet_relay_load(v.relays[i]).halves, 0);
        assert_int_equal(v.server.connections, v.server.closed);
        assert_true(memnet_free(v.net));
    }
}

/* A link between relays breaks at any moment. */
static void link_breaks_at_any_moment(void **state) {
    (void)state;
    for (unsigned at_us = 100; at_us < 500000; at_us += 2390) {
        struct village v;
        village_set_up(&v, NULL);
        v.victim.sends = 300000;
        v.server = (struct memnet_server){.host = "victim.test", .port = 80, .sends = 300000};
        v.victim.expects = 300000;
        assert_true(journey_begin(&v.victim, v.net, v.relays, VILLAGE_RELAYS));
        memnet_run_for(v.net, at_us * NSEC_PER_US);
        unsigned from = at_us / 2390 % 2;
        memnet_cut(v.net, v.relays[from], v.relays[from + 1]);
        village_begin_honest(&v); /* new links are made */
        memnet_run_for(v.net, 3 * NSEC_PER_S);
        village_tear_down(&v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(truncate_in_mid_transfer),
        cmocka_unit_test(stream_id_used_again_at_once),
        cmocka_unit_test(destination_that_does_not_read_is_left),
        cmocka_unit_test(freed_at_any_moment),
        cmocka_unit_test(link_breaks_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
