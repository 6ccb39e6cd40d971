#include "des/net.h"

#include <inttypes.h>

#include "base/attributes.h"
#include "support/small_net.h"
#include "support/test.h"

#define L  SMALL_LATENCY
#define MS NSEC_PER_MS

/* SYN, SYN and ack, then the message: three times the path, to the nanosecond; ports of 100 Mbit/s do not hold it. */
static void a_small_message_takes_three_times_the_latency(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    for (host_id id = 0; id < 2; id++)
        net_set_rates(s.net, id, 12500000, 12500000);
    small_run(&s, 12345);
    small_start(&s, &flow, 0, 1, 500, 500);
    small_run(&s, NSEC_PER_S);
    assert_int_equal(flow.connected_at, 12345 + 2 * L);
    assert_int_equal(s.sinks[1].last_at, 12345 + 3 * L);
    assert_int_equal(s.sinks[1].bytes, 500);
    small_fini(&s);
}

/* 1.25 MB/s are 1250 bytes a millisecond. After 2750 bytes at once, a full segment leaves whenever 1500 have come. */
static void the_upstream_bucket_sets_the_time_of_each_segment(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    net_set_rates(s.net, 0, 1250000, RATE_UNLIMITED);
    small_start(&s, &flow, 0, 1, 0, 1);
    small_run(&s, 100 * MS); /* the bucket is full again: 2750 */
    small_write(&flow, SEGMENTS(10), TCP_MSS);
    /* At 100: one (1250 left). 101: 2500, one. 102: 2250, one. 103: 2000, one. 104: 1750. 105: 1500. 106: 1250, none. */
    const uint64_t arrived[] = {1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10};
    for (unsigned i = 0; i < COUNT(arrived); i++) {
        small_run(&s, (100 + i) * MS + L);
        assert_int_equal(s.sinks[1].messages, arrived[i]);
    }
    small_fini(&s);
}

static void the_downstream_bucket_does_the_same_at_the_other_end(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    net_set_rates(s.net, 1, RATE_UNLIMITED, 1250000);
    small_start(&s, &flow, 0, 1, 0, 1);
    small_run(&s, 100 * MS);
    small_write(&flow, SEGMENTS(10), TCP_MSS);
    const uint64_t arrived[] = {1, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10};
    for (unsigned i = 0; i < COUNT(arrived); i++) {
        small_run(&s, (100 + i) * MS + L);
        assert_int_equal(s.sinks[1].messages, arrived[i]);
    }
    assert_int_equal(net_counters(s.net, 1)->segments_dropped, 0);
    small_fini(&s);
}

/* 20 Mbit/s up: 2500 bytes a millisecond, of which 1460 in 1500 are payload. Nothing is lost. */
static void one_flow_fills_its_own_interface(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init(&s);
    net_set_rates(s.net, 0, 2500000, 2500000);
    small_start(&s, &flow, 0, 1, UINT64_C(1) << 40, 4096);
    small_run(&s, 5 * NSEC_PER_S);
    uint64_t before = s.sinks[1].bytes;
    small_run(&s, 15 * NSEC_PER_S);
    uint64_t expected = UINT64_C(25000000) / 1500 * 1460;
    assert_in_range(s.sinks[1].bytes - before, expected * 998 / 1000, expected * 1002 / 1000);
    assert_int_equal(net_counters(s.net, 0)->segments_resent, 0);
    small_fini(&s);
}

/* CoDel drops now and then, but the queue never runs dry for long: 97 % or more of what headers leave. */
static void two_flows_share_the_interface_of_their_receiver(UNUSED void **state) {
    struct small_net s;
    struct small_flow flows[2];
    small_init(&s);
    net_set_rates(s.net, 2, 2500000, 2500000);
    for (host_id i = 0; i < 2; i++)
        small_start(&s, &flows[i], i, 2, UINT64_C(1) << 40, 4096);
    small_run(&s, 5 * NSEC_PER_S);
    uint64_t before = s.sinks[2].bytes, written[2];
    for (unsigned i = 0; i < 2; i++)
        written[i] = flows[i].tcp->acked;
    small_run(&s, 65 * NSEC_PER_S);
    uint64_t expected = UINT64_C(150000000) / 1500 * 1460, got = s.sinks[2].bytes - before;
    assert_in_range(got, expected * 97 / 100, expected + 65536); /* what waited for a hole */
    for (unsigned i = 0; i < 2; i++)
        assert_in_range(flows[i].tcp->acked - written[i], got * 40 / 100, got * 60 / 100);
    const struct net_counters *counters = net_counters(s.net, 2);
    assert_true(counters->segments_dropped > 10);
    assert_true(counters->waited_down / counters->segments_received <
                40 * MS); /* CoDel keeps it near its target */
    small_fini(&s);
}

/* One bucket for both directions, 20 Mbit/s: what comes in and what goes out share it evenly, and fill it. */
static void both_directions_share_an_interface(UNUSED void **state) {
    const nsec warm_up = 5 * NSEC_PER_S, length = 30 * NSEC_PER_S;
    const uint64_t rate = 2500000, all = rate * (length / NSEC_PER_S);
    for (unsigned directions = 1; directions <= 2; directions++) {
        struct small_net s;
        struct small_flow in[4],
            out; /* CoDel makes each that comes in pause: together they always have something */
        small_init(&s);
        net_set_rate_both_ways(s.net, 1, rate);
        small_start(&s, &out, 1, 2, UINT64_C(1) << 40, 4096);
        for (host_id i = 0; directions == 2 && i < 4; i++)
            small_start(&s, &in[i], 3 + i, 1, UINT64_C(1) << 40, 4096);
        small_run(&s, warm_up);
        const struct net_counters before = *net_counters(s.net, 1);
        small_run(&s, warm_up + length);
        const struct net_counters *after = net_counters(s.net, 1);
        uint64_t sent = after->bytes_sent - before.bytes_sent;
        uint64_t received = after->bytes_received - before.bytes_received;
        print_message("%u: %" PRIu64 " out, %" PRIu64 " in, of %" PRIu64 "\n", directions, sent, received,
                      all);
        assert_in_range(sent + received, all * 99 / 100, all + rate / 1000 + RATE_MTU);
        if (directions == 2)
            assert_in_range(sent, all / 2 * 98 / 100, all / 2 * 102 / 100);
        small_fini(&s);
    }
}

static void bootstrapping_knows_neither_rates_nor_loss(UNUSED void **state) {
    struct small_net s;
    struct small_flow flow;
    small_init_with(&s, NULL, 1, NET_LOSS_ALWAYS);
    s.net->config.bootstrap_end = NSEC_PER_S;
    net_set_rates(s.net, 0, 1000, 1000);
    small_start(&s, &flow, 0, 1, SEGMENTS(8), SEGMENTS(8));
    small_run(&s, 3 * L);
    assert_int_equal(s.sinks[1].messages, 1);
    small_run(&s, NSEC_PER_S);
    small_write(&flow, 100, 100);
    small_run(&s, 5 * NSEC_PER_S);
    assert_int_equal(s.sinks[1].messages, 1);
    assert_true(net_counters(s.net, 0)->segments_lost > 2);
    small_fini(&s);
}

#define FLOWS ((size_t)4 * SMALL_HOSTS)

struct setting {
    uint32_t partitions;
    uint32_t train_max;
    uint32_t loss;
    bool up, down; /* are limited */
};

static void everything_at_once(struct small_net *s, struct small_flow flows[static FLOWS],
                               struct setting setting) {
    small_init_with(s, NULL, setting.partitions, setting.loss);
    if (setting.train_max)
        s->net->config.train_max = setting.train_max;
    for (host_id id = 0; id < SMALL_HOSTS; id++)
        net_set_rates(s->net, id, setting.up ? UINT64_C(1000000) * (1 + id) : RATE_UNLIMITED,
                      setting.down ? UINT64_C(1500000) * (1 + id % 3) : RATE_UNLIMITED);
    for (unsigned i = 0; i < FLOWS; i++) {
        host_id from = i % SMALL_HOSTS, to = (from + 1 + i / SMALL_HOSTS * 3) % SMALL_HOSTS;
        small_start(s, &flows[i], from, to, 300000 + UINT64_C(10000) * i, 500 + 97 * i);
        flows[i].close_at_end = true;
    }
    small_run(s, 5 * NSEC_PER_S);
    small_run(s, 60 * NSEC_PER_S);
}

static void assert_same_histories(const struct small_net *a, const struct small_net *b) {
    for (host_id id = 0; id < SMALL_HOSTS; id++) {
        assert_true(a->sinks[id].hash == b->sinks[id].hash);
        assert_memory_equal(net_counters(a->net, id), net_counters(b->net, id), sizeof(struct net_counters));
        assert_int_equal(net_connections(a->net, id), 0);
    }
}

static struct small_net first, other;
static struct small_flow first_flows[FLOWS], other_flows[FLOWS];

static void all_data_comes_over_and_the_same_way_for_any_partitions(UNUSED void **state) {
    struct setting setting = {.partitions = 1, .loss = UINT32_MAX / 300, .up = true, .down = true};
    everything_at_once(&first, first_flows, setting);
    setting.partitions = 5;
    everything_at_once(&other, other_flows, setting);
    assert_same_histories(&first, &other);
    uint64_t bytes = 0, expected = 0;
    for (uint64_t i = 0; i < FLOWS; i++)
        expected += 300000 + 10000 * i;
    for (host_id id = 0; id < SMALL_HOSTS; id++)
        bytes += first.sinks[id].bytes;
    assert_int_equal(bytes, expected);
    small_fini(&first);
    small_fini(&other);
}

/* Messages arrive at the same nanosecond, and the same segments are lost, dropped and sent again. */
static void trains_cannot_be_told_from_single_segments(UNUSED void **state) {
    for (unsigned way = 0; way < 8; way++) {
        struct setting setting = {
            .partitions = 1, .loss = way & 1 ? UINT32_MAX / 300 : 0, .up = way & 2, .down = way & 4};
        everything_at_once(&first, first_flows, setting);
        setting.train_max = 1;
        everything_at_once(&other, other_flows, setting);
        assert_same_histories(&first, &other);
        assert_true(engine_events(first.engine) < engine_events(other.engine));
        assert_int_equal(net_counters(first.net, 3)->segments_dropped > 0, setting.down);
        small_fini(&first);
        small_fini(&other);
    }
}

static void a_network_can_end_at_any_moment(UNUSED void **state) {
    for (nsec end = 0; end < 200 * MS; end += 7 * MS) {
        struct small_net s;
        struct small_flow flows[3];
        small_init_with(&s, NULL, 2, UINT32_MAX / 10);
        net_set_rates(s.net, 1, 100000, 100000);
        for (unsigned i = 0; i < COUNT(flows); i++)
            small_start(&s, &flows[i], i * 2, 1, 1000000, 700);
        if (end > 0)
            small_run(&s, end);
        small_fini(&s); /* the memory, and under the sanitizers every message, is given back */
    }
}

static void without_memory_the_run_stops(UNUSED void **state) {
    for (uint32_t granted = 0; granted < 60; granted += 3) {
        struct small_net s;
        struct small_flow flows[3];
        small_init_with(&s, NULL, 1, UINT32_MAX / 20);
        for (unsigned i = 0; i < COUNT(flows); i++)
            small_start(&s, &flows[i], i * 2, 1, 1000000, 300);
        test_memory_fail_after(&s.memory, granted);
        s.may_lose_messages = true;
        enum err e = engine_run(s.engine, 20 * NSEC_PER_S);
        assert_true(e == ERR_LIMIT || s.sinks[1].bytes == 3000000);
        small_fini(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_message_takes_three_times_the_latency),
        cmocka_unit_test(the_upstream_bucket_sets_the_time_of_each_segment),
        cmocka_unit_test(the_downstream_bucket_does_the_same_at_the_other_end),
        cmocka_unit_test(one_flow_fills_its_own_interface),
        cmocka_unit_test(two_flows_share_the_interface_of_their_receiver),
        cmocka_unit_test(both_directions_share_an_interface),
        cmocka_unit_test(bootstrapping_knows_neither_rates_nor_loss),
        cmocka_unit_test(all_data_comes_over_and_the_same_way_for_any_partitions),
        cmocka_unit_test(trains_cannot_be_told_from_single_segments),
        cmocka_unit_test(a_network_can_end_at_any_moment),
        cmocka_unit_test(without_memory_the_run_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
