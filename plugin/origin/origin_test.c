#include "origin/origin.h"

#include "support/guard_bench.h"
#include "support/test.h"

static void events_of_a_stream_come_in_order(void **state) {
    (void)state;
    static const enum origin_event_kind expected[] = {ORIGIN_EVENT_STREAM_CONNECTED, ORIGIN_EVENT_STREAM_DATA,
                                                      ORIGIN_EVENT_STREAM_DATA, ORIGIN_EVENT_STREAM_ENDED};
    struct origin_bench b;
    struct origin_event event;
    origin_bench_init(&b, 0);
    origin_bench_build(&b, 3);
    struct origin_stream *s = origin_circuit_begin(b.circuit, 0, NULL);
    s->user = &b;
    origin_bench_turn(&b, UINT32_MAX);
    assert_int_equal(b.heard[RELAY_BEGIN_DIR], 1);
    origin_bench_say(&b, 2, RELAY_CONNECTED, s->id, NULL, 0);
    origin_bench_say(&b, 2, RELAY_DATA, s->id, "first", 5);
    origin_bench_say(&b, 2, RELAY_DATA, s->id, "second", 6);
    origin_bench_say(&b, 2, RELAY_END, s->id, "\6", 1);
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(origin_next_event(b.origin, 0, &event));
        assert_int_equal(event.kind, expected[i]);
        assert_ptr_equal(event.stream, s);
        assert_ptr_equal(event.circuit, b.circuit);
        assert_ptr_equal(event.stream->user, &b);
        if (i == 2)
            assert_memory_equal(event.data.data, "second", 6);
    }
    assert_int_equal(event.reason, END_DONE);
    assert_false(origin_next_event(b.origin, 0, &event));
    origin_bench_fini(&b);
}

/* The user may free what an event names, and everything else, between two events. */
static void user_may_free_between_events(void **state) {
    (void)state;
    for (unsigned after = 0; after < 4; after++) {
        struct origin_bench b;
        origin_bench_init(&b, 0);
        origin_bench_build(&b, 3);
        struct origin_stream *s = origin_bench_begin(&b);
        origin_bench_say(&b, 2, RELAY_DATA, s->id, "first", 5);
        origin_bench_say(&b, 2, RELAY_DATA, s->id, "second", 6);
        origin_bench_say(&b, 2, RELAY_END, s->id, NULL, 0);
        origin_bench_listen(&b, after);
        if (after % 2 == 0)
            origin_circuit_end(b.circuit, 0, s, END_MISC);
        else
            origin_circuit_free(b.circuit, 0, DESTROY_NONE);
        if (after % 2 == 1)
            b.circuit = NULL;
        origin_bench_listen(&b, UINT32_MAX);
        assert_int_equal(b.told[ORIGIN_EVENT_STREAM_ENDED], after == 3);
        origin_bench_fini(&b);
    }
}

static void counts_its_work(void **state) {
    (void)state;
    struct guard_bench g;
    guard_bench_init(&g, 0);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    struct origin_target target;
    origin_bench_target(&g.b, 0, &target);
    struct origin_circuit *c = origin_link_circuit(g.link, 0, &target);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    origin_circuit_free(c, 0, DESTROY_NONE);
    guard_bench_run(&g, GUARD_BYTES_MAX);
    const struct work *work = origin_work(g.b.origin);
    assert_int_equal(work->handshakes_link, 1);
    assert_int_equal(work->handshakes_ntor, 1);
    assert_int_equal(work->circuits_opened, 1);
    assert_int_equal(work->circuits_closed, 1);
    assert_int_equal(work->cells_sent, 2);
    assert_true(work->bytes_received > work->bytes_sent);
    guard_bench_fini(&g);
}

static void each_event_has_a_name(void **state) {
    (void)state;
    assert_string_equal(origin_event_name(ORIGIN_EVENT_LINK_OPENED), "link-opened");
    assert_string_equal(origin_event_name(ORIGIN_EVENT_STREAM_ENDED), "stream-ended");
}

static void needs_memory(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    struct origin_config config = b.origin->config;
    b.allocations_left = 0;
    assert_null(origin_new(&config));
    origin_free(NULL);
    origin_bench_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_a_stream_come_in_order),
        cmocka_unit_test(user_may_free_between_events),
        cmocka_unit_test(counts_its_work),
        cmocka_unit_test(each_event_has_a_name),
        cmocka_unit_test(needs_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
