/* A relay as a whole: it is made, stopped in the middle of everything, and leaves nothing behind. */
#include "core/relay.h"

#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CIRC 0x80000001u

static void stations_are_managers_and_then_the_controller(UNUSED void **state) {
    for (uint16_t threads = 0; threads <= 3; threads++) {
        struct test_memory memory;
        struct bench b;
        test_memory_init(&memory);
        bench_init(&b, &memory.memory, threads);
        assert_int_equal(relay_stations(&b.config), threads + 2);
        assert_true(bench_start(&b));
        assert_int_equal(relay_controller_station(b.relay), threads + 1);
        assert_non_null(relay_controller(b.relay));
        for (station_id i = 0; i <= threads; i++) {
            for (station_id j = 0; j < i; j++)
                assert_ptr_not_equal(relay_manager(b.relay, i), relay_manager(b.relay, j));
        }
        struct bench_peer p;
        peer_connect(&p, &b, NULL);
        assert_int_equal(p.station, threads ? 1 : 0); /* with threads, the main one has no links */
        peer_free(&p);
        bench_stop(&b);
        test_memory_fini(&memory);
    }
}

static void a_relay_needs_all_of_its_parts(UNUSED void **state) {
    uint32_t allowed = 0;
    for (bool is_made = false; !is_made; allowed++) {
        struct test_memory memory;
        struct bench b;
        test_memory_init(&memory);
        bench_init(&b, &memory.memory, 2);
        test_memory_fail_after(&memory, allowed);
        is_made = bench_start(&b);
        bench_stop(&b);
        test_memory_fini(&memory);
    }
    assert_true(allowed > 5); /* mailroom, three managers, controller */
    relay_free(NULL);
}

enum moment {
    JOB_OUTSIDE,
    DIALLING,
    SHAKING_HANDS,
    CREATE_NOT_ANSWERED,
    BYTES_FOR_AN_EDGE,
    BYTES_FROM_AN_EDGE,
    CELLS_IN_A_MAILBOX,
    CELLS_IN_A_QUEUE,
    MOMENTS
};

struct story {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity ids[2];
    struct bench_peer origin, next;
    struct bench_circuit c;
};

/* A circuit over both links. */
static void extend_until(struct story *s, enum moment stop) {
    struct fake_request dial;
    uint8_t created[CELL_BODY_LEN] = {0, 64};
    circuit_extend(&s->c, &s->ids[1], 1);
    if (stop == DIALLING)
        return;
    assert_true(fake_take(&s->b.ports[2], FAKE_DIAL, &dial));
    assert_int_equal(peer_answer(&s->next, 2, dial.id), ERR_OK);
    if (stop == SHAKING_HANDS)
        return;
    peer_shake_hands(&s->next);
    uint32_t id = peer_read(&s->next)->circ_id;
    if (stop > CREATE_NOT_ANSWERED)
        peer_send(&s->next, id, CELL_CREATED2, created, sizeof created);
}

static void stream_until(struct story *s, enum moment stop) {
    struct fake_request request;
    static const struct address there = {ADDRESS_IPV4, {1, 2, 3, 4}};
    const struct name_answer answer = {.count = 1, .addresses = {there}};
    circuit_tell(&s->c, RELAY_BEGIN, 1, "a.com:80", 9);
    assert_true(fake_take(&s->b.ports[1], FAKE_EDGE_RESOLVE, &request) ||
                fake_take(&s->b.ports[2], FAKE_EDGE_RESOLVE, &request));
    circuit_tell(&s->c, RELAY_DATA, 1, "abc", 3);
    if (stop == BYTES_FOR_AN_EDGE)
        return;
    struct manager *m = bench_manager(&s->b, object_station(request.id));
    manager_edge_resolved(m, s->b.now, request.id, &answer);
    manager_edge_connected(m, s->b.now, request.id, &there);
    manager_edge_receive(m, s->b.now, request.id, (const uint8_t *)"abc", 3);
}

static void play_until(struct story *s, enum moment stop) {
    uint8_t wire[CELL_LEN];
    circuit_ask(&s->c, &s->origin, CIRC);
    if (stop == JOB_OUTSIDE)
        return;
    bench_jobs(&s->b);
    assert_true(circuit_created(&s->c));
    extend_until(s, stop);
    if (stop <= CREATE_NOT_ANSWERED)
        return;
    stream_until(s, stop);
    if (stop <= BYTES_FROM_AN_EDGE)
        return;
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, CIRC, CELL_RELAY, "\377\377\377\377", 4);
    for (unsigned i = 0; i < 40; i++)
        peer_say(&s->origin, wire, sizeof wire);
    if (stop == CELLS_IN_A_QUEUE)
        bench_run(&s->b);
}

/* Whatever waits in queues, mailboxes and edges, of cells and of controls: all of it comes back. */
static void a_relay_may_be_stopped_at_any_moment(UNUSED void **state) {
    for (enum moment moment = JOB_OUTSIDE; moment < MOMENTS; moment++) {
        struct story s;
        test_memory_init(&s.memory);
        bench_init(&s.b, &s.memory.memory, 2);
        s.b.config.is_exit = true;
        assert_true(bench_start(&s.b));
        symbolic_identity_make(&s.ids[0], s.b.crypt, 2);
        symbolic_identity_make(&s.ids[1], s.b.crypt, 3);
        peer_connect(&s.origin, &s.b, &s.ids[0]);
        peer_init(&s.next, &s.b, &s.ids[1]);
        play_until(&s, moment);
        peer_free(&s.origin);
        peer_free(&s.next);
        bench_stop(&s.b);
        test_memory_fini(&s.memory);
    }
}

/* relay_free would otherwise wait for it without end, and say nothing. */
static void a_cell_that_the_runtime_keeps_does_not_keep_a_manager_unsettled(UNUSED void **state) {
    struct story s;
    struct grant grant;
    struct cell *kept;
    test_memory_init(&s.memory);
    bench_init(&s.b, &s.memory.memory, 0);
    assert_true(bench_start(&s.b));
    struct manager *m = bench_manager(&s.b, 0);
    peer_connect(&s.origin, &s.b, NULL);
    circuit_open(&s.c, &s.origin, CIRC);
    circuit_tell(&s.c, RELAY_BEGIN_DIR, 1, "", 0); /* is answered by END */
    const struct tcp_facts facts = {.link = s.origin.link, .cwnd = 10, .mss = 1448};
    assert_int_equal(manager_schedule(m, s.b.now, &facts, 1, &grant), 1);
    assert_int_equal(manager_take(m, s.b.now, s.origin.link, &kept, 1), 1);

    manager_stop(m);
    assert_false(manager_settle(m));

    manager_release(m, &kept, 1); /* or cell_pool_fini stops the program */
    peer_free(&s.origin);
    bench_stop(&s.b);
    test_memory_fini(&s.memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stations_are_managers_and_then_the_controller),
        cmocka_unit_test(a_relay_needs_all_of_its_parts),
        cmocka_unit_test(a_relay_may_be_stopped_at_any_moment),
        cmocka_unit_test(a_cell_that_the_runtime_keeps_does_not_keep_a_manager_unsettled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
