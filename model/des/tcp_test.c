#include "des/tcp.h"

#include <math.h>

#include "base/attributes.h"
#include "support/small_net.h"
#include "support/test.h"

#define L  SMALL_LATENCY
#define MS NSEC_PER_MS

/* A connection from 0 to 1 that stands, at the time 100 ms. */
static void open_flow(struct small_net *s, struct small_flow *flow) {
    small_init(s);
    small_run(s, MS); /* a timestamp of 0 is none */
    small_start(s, flow, 0, 1, 0, 1);
    small_run(s, 100 * MS);
    assert_non_null(flow->tcp);
}

/* A window a round trip, and the ack of each waits a millisecond. */
static void slow_start_doubles_each_round_trip(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    small_write(&flow, UINT64_C(1) << 40, TCP_MSS);
    uint64_t arrived = 0;
    nsec at = 100 * MS + L;
    for (uint32_t window = 10; window < 1000; window *= 2, at += 2 * L + MS) {
        assert_int_equal(tcp_state(flow.tcp).cwnd, window);
        small_run(&s, at);
        arrived += window;
        assert_int_equal(s.sinks[1].messages, arrived);
        assert_int_equal(tcp_state(flow.tcp).unacked, window);
        small_run(&s, at + L + MS - 1); /* until just before the ack comes */
        assert_int_equal(s.sinks[1].messages, arrived);
        small_run(&s, at + L + MS);
    }
    assert_in_range(tcp_round_trip(flow.tcp), 2 * L, 2 * L + MS);
    small_fini(&s);
}

/* The first of ten segments is lost: nine duplicates come back at once; the third sends it again. */
static void one_lost_segment_is_sent_again_by_duplicate_acks(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    flow.tcp->loss = NET_LOSS_ALWAYS;
    small_write(&flow, TCP_MSS, TCP_MSS);
    flow.tcp->loss = 0;
    small_write(&flow, SEGMENTS(9), TCP_MSS);
    small_run(&s, 100 * MS + L);
    assert_int_equal(s.sinks[1].messages, 0);
    assert_int_equal(s.sinks[1].tcp->early.count, 1);
    small_run(&s, 100 * MS + 2 * L);
    assert_int_equal(flow.tcp->reno.phase, RENO_RECOVERY);
    assert_int_equal(tcp_state(flow.tcp).cwnd, 6 + 3 + 6); /* 10 / 2 + 1, and nine duplicates */
    small_run(&s, 100 * MS + 3 * L - 1);
    assert_int_equal(s.sinks[1].messages, 0);
    small_run(&s, 100 * MS + 3 * L);
    assert_int_equal(s.sinks[1].messages, 10);
    small_run(&s, 101 * MS + 4 * L);
    assert_int_equal(tcp_state(flow.tcp).cwnd, 7); /* 6, and ten acked of which six make one */
    assert_int_equal(tcp_state(flow.tcp).unacked, 0);
    assert_int_equal(net_counters(s.net, 0)->segments_resent, 1);
    assert_int_equal(net_counters(s.net, 0)->timeouts, 0);
    small_fini(&s);
}

/* The last segment is lost, so that there are no duplicates: after 200 ms, and 400 more, it is sent again. */
static void a_lost_tail_is_sent_again_by_the_timer(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    assert_int_equal(round_trip_rto(&flow.tcp->round_trip), 200 * MS);
    flow.tcp->loss = NET_LOSS_ALWAYS;
    small_write(&flow, 500, 500);
    small_run(&s, 300 * MS);
    assert_int_equal(net_counters(s.net, 0)->timeouts, 1);
    assert_int_equal(net_counters(s.net, 0)->segments_lost, 2);
    flow.tcp->loss = 0;
    small_run(&s, 700 * MS + L - 1);
    assert_int_equal(s.sinks[1].messages, 0);
    small_run(&s, 700 * MS + L);
    assert_int_equal(s.sinks[1].messages, 1);
    assert_int_equal(tcp_state(flow.tcp).cwnd, RENO_CWND_RESTART);
    small_run(&s, 800 * MS);
    assert_int_equal(tcp_outstanding(flow.tcp), 0);
    assert_int_equal(flow.tcp->timer_wanted, 0);
    small_fini(&s);
}

/* 3 and 7 of ten are lost; plain Reno finds the second hole by the timer, and SACK keeps the rest from going twice. */
static void a_timeout_sends_only_what_did_not_come(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    for (unsigned i = 1; i <= 10; i++) {
        flow.tcp->loss = i == 3 || i == 7 ? NET_LOSS_ALWAYS : 0;
        small_write(&flow, TCP_MSS, TCP_MSS);
    }
    flow.tcp->loss = 0;
    small_run(&s, NSEC_PER_S);
    assert_int_equal(s.sinks[1].messages, 10);
    assert_int_equal(net_counters(s.net, 0)->segments_resent, 2);
    assert_int_equal(net_counters(s.net, 0)->timeouts, 1);
    small_fini(&s);
}

/* Mathis et al. 1997: MSS / RTT * sqrt(3 / 2p). A mean over many seeds' worth of time. */
static void random_loss_gives_the_throughput_of_the_formula(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    const double p = 0.0005;
    small_init_with(&s, NULL, 1, (uint32_t)(p * 4294967296.0));
    small_start(&s, &flow, 0, 1, UINT64_C(1) << 40, 65536);
    small_run(&s, 400 * NSEC_PER_S);
    double round_trip = 2 * (double)L / 1e9 + 0.003; /* acks wait 1 and then 5 ms */
    double expected = (double)SEGMENTS(400) / round_trip * sqrt(1.5 / p);
    if (fabs((double)s.sinks[1].bytes - expected) > 0.2 * expected)
        fail_msg("%f of the formula", (double)s.sinks[1].bytes / expected);
    small_fini(&s);
}

static void a_reader_who_stops_holds_the_writer(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    for (host_id id = 0; id < 2; id++)
        net_set_rates(s.net, id, 1000000, 1000000);
    s.sinks[1].stopped = true;
    small_start(&s, &flow, 0, 1, 3000000, 1000);
    small_run(&s, 20 * NSEC_PER_S);
    struct tcp *reader = s.sinks[1].tcp;
    assert_true(tcp_unread(reader) > tcp_receive_buffer(reader) - SEGMENTS(2));
    assert_true(tcp_unread(reader) <= tcp_receive_buffer(reader));
    assert_true(net_counters(s.net, 0)->timeouts < 10); /* probes of the closed window, ever more rarely */
    assert_true(flow.left > 0);
    assert_int_equal(tcp_room(flow.tcp), 0);
    uint32_t kist = tcp_state(flow.tcp).notsent;
    assert_true(kist > 0 && kist <= tcp_outstanding(flow.tcp));

    s.sinks[1].stopped = false;
    small_read(engine_host(s.engine, 1), host_now(engine_host(s.engine, 1)), reader);
    small_run(&s, 25 * NSEC_PER_S);
    assert_int_equal(s.sinks[1].bytes, 3000000);
    small_fini(&s);
}

/* Also when it is little beside what is full, and with no ack that waits. */
static void room_is_told_as_soon_as_all_is_read(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    for (host_id id = 0; id < 2; id++)
        net_set_rates(s.net, id, 1000000, 1000000);
    s.sinks[1].stopped = true;
    small_start(&s, &flow, 0, 1, UINT64_C(1) << 40, 1000);
    small_run(&s, 10 * NSEC_PER_S);
    struct tcp *reader = s.sinks[1].tcp;
    assert_int_equal(flow.tcp->peer_window, 0);

    nsec now = host_now(engine_host(s.engine, 1));
    uint64_t sent = net_counters(s.net, 1)->segments_sent;
    for (unsigned i = 0; i < 10; i++)
        ((struct small_message *)(void *)tcp_read(reader, now))->came_back = true;
    small_run(&s, now + 1 + L);
    assert_int_equal(net_counters(s.net, 1)->segments_sent - sent, 1); /* one ack for all of them */
    assert_in_range(flow.tcp->peer_window, 10000 / TCP_MSS, 10000 / TCP_MSS + 1);
    small_fini(&s);
}

static void who_waits_for_a_window_hears_of_it_once(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    small_write(&flow, UINT64_C(20) * TCP_MSS, TCP_MSS);
    assert_int_equal(tcp_state(flow.tcp).unacked, 10);
    assert_int_equal(tcp_state(flow.tcp).notsent, 10 * TCP_MSS);
    tcp_want_window(flow.tcp, 1);
    small_run(&s, 100 * MS + 2 * L + MS - 1); /* until just before the ack comes */
    assert_int_equal(flow.writable, 0);
    small_run(&s, 100 * MS + 2 * L + MS);
    assert_int_equal(flow.writable, 1);
    small_run(&s, NSEC_PER_S);
    assert_int_equal(flow.writable, 1);
    small_fini(&s);
}

static void several_messages_share_segments(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    uint64_t before = net_counters(s.net, 0)->segments_sent;
    small_write(&flow, UINT64_C(20) * 514, 514); /* 10280 bytes: seven full segments and one of 60 */
    assert_int_equal(net_counters(s.net, 0)->segments_sent - before, 8);
    small_run(&s, 100 * MS + L);
    assert_int_equal(s.sinks[1].messages, 20);
    small_fini(&s);
}

static void the_end_of_the_stream_comes_after_the_last_byte(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    small_start(&s, &flow, 0, 1, 100000, 1000);
    flow.close_at_end = true;
    small_run(&s, 10 * NSEC_PER_S);
    assert_int_equal(s.sinks[1].bytes, 100000);
    assert_int_equal(s.sinks[1].ended, 1);
    assert_int_equal(net_connections(s.net, 0), 0);
    assert_int_equal(net_connections(s.net, 1), 0);
    small_fini(&s);
}

static void an_end_waits_for_a_slow_reader(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    s.sinks[1].stopped = true;
    small_start(&s, &flow, 0, 1, 3000, 1000);
    flow.close_at_end = true;
    small_run(&s, NSEC_PER_S);
    assert_int_equal(s.sinks[1].ended, 0);
    s.sinks[1].stopped = false;
    small_read(engine_host(s.engine, 1), NSEC_PER_S, s.sinks[1].tcp);
    small_run(&s, NSEC_PER_S);
    assert_int_equal(s.sinks[1].ended, 1);
    small_run(&s, 2 * NSEC_PER_S);
    assert_int_equal(net_connections(s.net, 0) + net_connections(s.net, 1), 0);
    small_fini(&s);
}

static void nobody_there_and_nobody_willing_are_refusals(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    s.sinks[1].refuses = true;
    small_start(&s, &flow, 0, 1, 3000, 1000);
    small_run(&s, 3 * NSEC_PER_S); /* its timer keeps the memory of a connection */
    assert_null(flow.tcp);
    assert_true(flow.end == TCP_END_REFUSED || flow.end == TCP_END_RESET);
    assert_int_equal(net_connections(s.net, 0) + net_connections(s.net, 1), 0);
    small_fini(&s);
}

static void an_abort_resets_the_other_side(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    small_write(&flow, 50000, 1000);
    tcp_abort(flow.tcp, 100 * MS);
    small_run(&s, 3 * NSEC_PER_S);
    assert_int_equal(s.sinks[1].ended, 1);
    assert_true(s.discarded[0] + s.discarded[1] + s.sinks[1].messages == 50);
    assert_int_equal(net_connections(s.net, 0) + net_connections(s.net, 1), 0);
    small_fini(&s);
}

static void both_sides_may_close_at_once(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    tcp_close(flow.tcp, 100 * MS);
    tcp_close(s.sinks[1].tcp, 100 * MS);
    small_run(&s, 10 * NSEC_PER_S);
    assert_int_equal(net_connections(s.net, 0) + net_connections(s.net, 1), 0);
    assert_int_equal(net_counters(s.net, 0)->timeouts, 0);
    small_fini(&s);
}

/* Whatever the path holds. */
static void buffers_grow_with_the_window_and_with_what_is_read(UNUSED void **state) {
    static const struct {
        uint64_t bytes; /* read in all */
        uint64_t room;
    } cases[] = {{1000, 174760},     {87000, 174760},    {88000, 176000},   {1000000, 2000000},
                 {3145000, 6290000}, {3200000, 6291456}, {9000000, 6291456}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct small_net s;
        struct small_flow flow;
        small_init(&s);
        net_set_rates(s.net, 0, 10000000, 1000000);
        net_set_rates(s.net, 1, 1000000, 10000000);
        small_start(&s, &flow, 0, 1, cases[i].bytes, 1000);
        assert_int_equal(flow.tcp->send_buffer, 131072);
        small_run(&s, 20 * NSEC_PER_S);
        assert_int_equal(s.sinks[1].bytes, cases[i].bytes);
        assert_int_equal(tcp_receive_buffer(s.sinks[1].tcp), cases[i].room);
        uint64_t wanted = UINT64_C(2) * 2404 * tcp_state(flow.tcp).cwnd;
        assert_true(flow.tcp->send_buffer >= wanted || flow.tcp->send_buffer == 4194304);
        small_fini(&s);
    }
}

static void without_any_rate_buffers_are_the_largest(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    assert_int_equal(flow.tcp->send_buffer, 4194304);
    assert_int_equal(tcp_receive_buffer(flow.tcp), 6291456);
    small_fini(&s);
}

static void an_idle_connection_is_small(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    open_flow(&s, &flow);
    size_t before = s.memory.bytes_live;
    small_write(&flow, 1000000, 1000);
    small_run(&s, 10 * NSEC_PER_S);
    const struct tcp *idle = s.net->interfaces[0].slots[0].tcp;
    assert_null(idle->runs.ring);
    assert_true(tcp_size() + sizeof(struct tcp_slot) <= 450);
    assert_int_equal(idle->pending, 0); /* no timer runs */
    assert_true(s.memory.bytes_live - before < 200000);
    small_fini(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_start_doubles_each_round_trip),
        cmocka_unit_test(one_lost_segment_is_sent_again_by_duplicate_acks),
        cmocka_unit_test(a_lost_tail_is_sent_again_by_the_timer),
        cmocka_unit_test(a_timeout_sends_only_what_did_not_come),
        cmocka_unit_test(random_loss_gives_the_throughput_of_the_formula),
        cmocka_unit_test(a_reader_who_stops_holds_the_writer),
        cmocka_unit_test(room_is_told_as_soon_as_all_is_read),
        cmocka_unit_test(who_waits_for_a_window_hears_of_it_once),
        cmocka_unit_test(several_messages_share_segments),
        cmocka_unit_test(the_end_of_the_stream_comes_after_the_last_byte),
        cmocka_unit_test(an_end_waits_for_a_slow_reader),
        cmocka_unit_test(nobody_there_and_nobody_willing_are_refusals),
        cmocka_unit_test(an_abort_resets_the_other_side),
        cmocka_unit_test(both_sides_may_close_at_once),
        cmocka_unit_test(buffers_grow_with_the_window_and_with_what_is_read),
        cmocka_unit_test(without_any_rate_buffers_are_the_largest),
        cmocka_unit_test(an_idle_connection_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
