/* Vegas: tables of single answers, and the law over circuits with a bottleneck. */
#include "core/congestion_control.h"

#include "base/attributes.h"
#include "base/rng.h"
#include "support/test.h"

#define MS  NSEC_PER_MS
#define INC 31u

static const struct congestion_params *const params = &congestion_params_default;

static struct congestion fresh(void) {
    struct congestion c;
    congestion_init(&c, params, INC);
    return c;
}

/* Use the window up, and have one SENDME come. */
static void answer_full(struct congestion *c, nsec rtt) {
    while (congestion_may_send(c))
        congestion_sent(c);
    congestion_answered(c, params, rtt, false, 0);
}

static void slow_start_grows_by_what_is_answered(UNUSED void **state) {
    struct congestion c = fresh();
    for (uint32_t n = 1; c.cwnd <= 600; n++) {
        answer_full(&c, 100 * MS);
        assert_int_equal(c.cwnd, 124 + n * INC);
        assert_true(c.in_slow_start);
    }
    uint32_t before = c.cwnd; /* RFC 3742: beyond the cap by less */
    answer_full(&c, 100 * MS);
    assert_int_equal(c.cwnd, before + (INC * 600 + before) / (2 * before));
    while (c.in_slow_start)
        answer_full(&c, 100 * MS);
    assert_in_range(c.cwnd, 600, 5000);
}

static void an_empty_window_does_not_grow(UNUSED void **state) {
    struct congestion c = fresh();
    for (unsigned n = 0; n < 50; n++) {
        for (unsigned i = 0; i < INC; i++)
            congestion_sent(&c);
        if (n == 0)
            for (unsigned i = 0; i < 10; i++)
                c.is_full = false;
        congestion_answered(&c, params, 100 * MS, false, 0);
    }
    assert_in_range(c.cwnd, 124, 124 + 2 * INC); /* 31 and the gap of four increments are a full 124 */
}

/* A circuit after slow start with this window and these round trips. */
static struct congestion settled(uint32_t cwnd, nsec rtt_min, nsec rtt) {
    struct congestion c = fresh();
    c.in_slow_start = false;
    c.cwnd = c.inflight = cwnd;
    c.rtt_min = rtt_min;
    c.rtt = rtt;
    c.next_change = 1;
    c.next_window = 100;
    return c;
}

/* queued = cwnd - cwnd * rtt_min / rtt; alpha 186, beta 248, delta 310. */
static void what_stands_in_queues_decides(UNUSED void **state) {
    static const struct {
        uint32_t cwnd;
        nsec rtt_min, rtt;
        bool is_blocked;
        uint32_t inflight, expected;
    } rows[] = {
        {1000, 100 * MS, 100 * MS, false, 1000, 1001},      /* nothing queued */
        {1000, 100 * MS, 122 * MS, false, 1000, 1001},      /* 181 */
        {1000, 100 * MS, 124 * MS, false, 1000, 1000},      /* 194: between alpha and beta */
        {1000, 100 * MS, 132 * MS, false, 1000, 1000},      /* 243 */
        {1000, 100 * MS, 134 * MS, false, 1000, 999},       /* 254: above beta */
        {1000, 100 * MS, 144 * MS, false, 1000, 999},       /* 306 */
        {1000, 100 * MS, 146 * MS, false, 1000, 684 + 309}, /* 316: above delta */
        {1000, 100 * MS, 400 * MS, false, 1000, 250 + 309},
        {1000, 100 * MS, 100 * MS, true, 1000, 999},  /* blocked */
        {1000, 100 * MS, 100 * MS, false, 200, 1000}, /* not used: does not grow */
        {124, 100 * MS, 100 * MS, true, 124, 124},    /* the floor */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct congestion c = settled(rows[i].cwnd, rows[i].rtt_min, rows[i].rtt);
        c.inflight = rows[i].inflight;
        congestion_answered(&c, params, rows[i].rtt, rows[i].is_blocked, 0);
        assert_int_equal(c.cwnd, rows[i].expected);
        assert_int_equal(c.inflight, rows[i].inflight - INC);
    }
}

static void slow_start_ends_at_gamma_or_when_blocked(UNUSED void **state) {
    struct congestion c = fresh();
    c.cwnd = 1000;
    answer_full(&c, 100 * MS);
    assert_true(c.in_slow_start);
    answer_full(&c, 150 * MS);
    assert_false(c.in_slow_start);
    assert_int_equal(c.cwnd, c.bdp + 186);

    c = fresh();
    answer_full(&c, 100 * MS);
    while (congestion_may_send(&c))
        congestion_sent(&c);
    congestion_answered(&c, params, 100 * MS, true, 200);
    assert_false(c.in_slow_start);
}

static void clocks_that_jump_are_not_believed(UNUSED void **state) {
    struct congestion c = settled(1000, 100 * MS, 100 * MS);
    congestion_answered(&c, params, 0, false, 0);
    assert_int_equal(c.rtt, 100 * MS);
    assert_int_equal(c.cwnd, 1000);
    congestion_answered(&c, params, 100 * MS * (CONGESTION_JUMP_RATIO + 2), false, 0);
    assert_int_equal(c.rtt, 100 * MS);
    assert_int_equal(c.cwnd, 1000);
    assert_int_equal(c.inflight, 1000 - 2 * INC); /* but they are answers */
    c = fresh(); /* a clock that never moves: the window stays, the queue alone can shrink it */
    for (unsigned i = 0; i < 20; i++)
        answer_full(&c, 0);
    assert_int_equal(c.cwnd, 124);
}

static void the_least_round_trip_is_forgotten_at_the_floor(UNUSED void **state) {
    struct congestion c = settled(124, 1 * MS, 100 * MS);
    congestion_answered(&c, params, 100 * MS, false, 0);
    assert_int_equal(c.rtt_min, c.rtt);
}

/* A path that holds rate cells a second, and is empty after base: the round trip is what its queue takes. */
static void queues_stay_within_the_law(UNUSED void **state) {
    static const struct {
        uint32_t rate;
        nsec base;
    } paths[] = {{1000, 100 * MS}, {4000, 50 * MS}, {20000, 80 * MS}, {300, 600 * MS}};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct congestion c = fresh();
        struct rng rng;
        rng_seed(&rng, i);
        uint32_t holds = (uint32_t)(paths[i].rate * paths[i].base / NSEC_PER_S);
        uint32_t least = UINT32_MAX, most = 0;
        for (unsigned n = 0; n < 40000; n++) {
            while (congestion_may_send(&c))
                congestion_sent(&c);
            nsec queue = c.inflight > holds ? (c.inflight - holds) * NSEC_PER_S / paths[i].rate : 0;
            congestion_answered(&c, params, paths[i].base + queue + rng_below(&rng, 1000) * NSEC_PER_US,
                                false, 0);
            assert_in_range(c.cwnd, params->cwnd_min, params->cwnd_max);
            if (n < 20000)
                continue;
            least = c.cwnd < least ? c.cwnd : least;
            most = c.cwnd > most ? c.cwnd : most;
        }
        assert_true(most <= holds + 2 * (uint32_t)params->delta);
        assert_true(least >= holds || least == (uint32_t)params->cwnd_min); /* the path is never idle */
    }
}

/* A consensus may say so, also one that comes while circuits with another increment live. */
static void a_window_always_holds_what_a_sendme_answers(UNUSED void **state) {
    static const struct {
        int32_t cwnd_init, cwnd_min;
        uint8_t sendme_inc;
    } rows[] = {{31, 31, 32}, {31, 31, 254}, {253, 31, 254}, {254, 31, 254}, {124, 124, 254}, {31, 124, 254}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct congestion_params p = *params;
        struct congestion c;
        p.cwnd_init = rows[i].cwnd_init;
        p.cwnd_min = rows[i].cwnd_min;
        congestion_init(&c, &p, rows[i].sendme_inc);
        for (unsigned answers = 0; answers < 500; answers++) {
            while (congestion_may_send(&c))
                congestion_sent(&c);
            assert_true(c.inflight >= c.sendme_inc); /* or no SENDME would come */
            congestion_answered(&c, &p, 100 * MS, true, 1000);
        }
        assert_int_equal(c.cwnd, rows[i].sendme_inc > p.cwnd_min ? rows[i].sendme_inc : p.cwnd_min);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_always_holds_what_a_sendme_answers),
        cmocka_unit_test(slow_start_grows_by_what_is_answered),
        cmocka_unit_test(an_empty_window_does_not_grow),
        cmocka_unit_test(what_stands_in_queues_decides),
        cmocka_unit_test(slow_start_ends_at_gamma_or_when_blocked),
        cmocka_unit_test(clocks_that_jump_are_not_believed),
        cmocka_unit_test(the_least_round_trip_is_forgotten_at_the_floor),
        cmocka_unit_test(queues_stay_within_the_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
