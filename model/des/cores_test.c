#include "des/cores.h"

#include <math.h>

#include "base/attributes.h"
#include "base/rng.h"
#include "support/test.h"

static void assert_slot(struct core_slot slot, uint16_t core, nsec start, nsec end) {
    assert_int_equal(slot.core, core);
    assert_int_equal(slot.start, start);
    assert_int_equal(slot.end, end);
}

static void threads_share_cores_first_come_first_served(UNUSED void **state) {
    struct cores cores;
    struct core_thread t[4];
    cores_init(&cores, 2, 1, 1000);
    for (unsigned i = 0; i < 4; i++)
        core_thread_init(&t[i], CORE_ANY);
    assert_slot(cores_run(&cores, 0, &t[0], 100), 0, 0, 100);
    assert_slot(cores_run(&cores, 0, &t[1], 30), 1, 0, 30);
    assert_slot(cores_run(&cores, 10, &t[2], 50), 1, 30, 80);
    assert_slot(cores_run(&cores, 20, &t[3], 50), 1, 80, 130);
    assert_slot(cores_run(&cores, 20, &t[0], 5), 0, 100, 105); /* a thread is in one place at a time */
    assert_int_equal(cores.statistics.waited, 20 + 60);
    assert_int_equal(cores.statistics.waited_max, 60);
    assert_int_equal(cores.statistics.busy, 100 + 30 + 50 + 50 + 5);
}

static void a_pinned_thread_waits_for_its_core(UNUSED void **state) {
    struct cores cores;
    struct core_thread pinned, floating;
    cores_init(&cores, 2, 1, 1000);
    core_thread_init(&pinned, 0);
    core_thread_init(&floating, CORE_ANY);
    assert_slot(cores_run(&cores, 0, &floating, 100), 0, 0, 100);
    assert_slot(cores_run(&cores, 0, &pinned, 10), 0, 100, 110);
}

/* Cores 0 and 1 are physical, 2 and 3 their siblings; two siblings do the work of 1.25 cores: the later one has a quarter. */
static void smt_stretches_what_overlaps_the_sibling(UNUSED void **state) {
    struct cores cores;
    struct core_thread t[4];
    cores_init(&cores, 2, 2, 1600);
    for (unsigned i = 0; i < 4; i++)
        core_thread_init(&t[i], CORE_ANY);
    assert_slot(cores_run(&cores, 0, &t[0], 1000), 0, 0, 1000);
    assert_slot(cores_run(&cores, 0, &t[1], 400), 1, 0, 400); /* the idle physical core first */
    assert_slot(cores_run(&cores, 0, &t[2], 100), 2, 0, 400); /* all of it beside core 0 */
    /* 68 of 200 done from 128 to 400, when core 1 falls idle, and then the other 132. */
    assert_slot(cores_run(&cores, 128, &t[3], 200), 3, 128, 532);
}

/* The slowest siblings: nothing gets done beside one that is busy. */
static void siblings_may_be_no_better_than_one(UNUSED void **state) {
    struct cores cores;
    struct core_thread t[2];
    cores_init(&cores, 1, 2, 2000);
    for (unsigned i = 0; i < 2; i++)
        core_thread_init(&t[i], CORE_ANY);
    assert_slot(cores_run(&cores, 0, &t[0], 100), 0, 0, 100);
    assert_slot(cores_run(&cores, 40, &t[1], 30), 1, 40, 130);
}

static void assert_near(double value, double expected, double tolerance) {
    print_message("%.4f, closed form %.4f\n", value, expected);
    if (fabs(value - expected) > tolerance * expected)
        fail_msg("%f is not within %f of %f", value, tolerance, expected);
}

/* Threads that always have work share cores: what all get done in a second, in cores, and each the same. */
static void check_busy_threads(unsigned threads, uint16_t physical, uint16_t per_core, uint32_t smt,
                               bool pinned) {
    enum { MOST = 16, END = 1000000000 };
    struct cores cores;
    struct core_thread t[MOST];
    nsec done[MOST] = {0}, sum = 0, price = 1000;
    struct rng rng;
    rng_seed(&rng, 1);
    cores_init(&cores, physical, per_core, smt);
    const unsigned logical = cores.logical;
    for (unsigned i = 0; i < threads; i++)
        core_thread_init(&t[i], pinned ? (uint16_t)(i % logical) : CORE_ANY);
    for (;;) {
        unsigned next = 0;
        for (unsigned i = 1; i < threads; i++)
            if (t[i].free < t[next].free)
                next = i;
        if (t[next].free >= END)
            break;
        price = 500 + rng_below(&rng, 1001); /* pieces of equal length would begin and end together */
        cores_run(&cores, t[next].free, &t[next], price);
        done[next] += price;
        sum += price;
    }
    unsigned at_once = threads < logical ? threads : logical;
    double alone = at_once <= physical ? at_once : 2.0 * physical - at_once; /* cores whose sibling idles */
    double expected = alone + (at_once - alone) / 2 * 2000 / smt;
    print_message("%u threads on %u cores with %u threads each%s: ", threads, physical, per_core,
                  pinned ? ", pinned" : "");
    assert_near((double)sum / END, expected, 0.01);
    const bool is_even = threads % logical == 0 || (per_core == 1 && !pinned);
    for (unsigned i = 0; is_even && i < threads; i++)
        assert_near((double)done[i] / END, expected / threads, 0.01);
}

static void busy_threads_get_what_cores_have(UNUSED void **state) {
    for (unsigned n = 1; n <= 8; n++)
        check_busy_threads(n + 1, (uint16_t)n, 1, 1000, false);
    check_busy_threads(2, 1, 2, 1633, false); /* one pair */
    check_busy_threads(2, 1, 2, 1481, true);
    check_busy_threads(2, 1, 2, 1000, false);
    check_busy_threads(4, 3, 2, 1633, false); /* one pair and two alone */
    check_busy_threads(16, 3, 2, 1633, false);
    check_busy_threads(16, 3, 2, 1818, false);
    check_busy_threads(12, 3, 2, 1633, true);
}

/* The test's own generator of exponential draws; the engine itself has no floats. */
static nsec exponential(struct rng *rng, double mean) {
    double uniform = ((double)(rng_u64(rng) >> 11) + 1) / 9007199254740993.0;
    return (nsec)(-log(uniform) * mean);
}

struct queue_result {
    double wait;        /* mean, in service times */
    double utilisation; /* of one core */
};

/* Poisson arrivals at load rho of n cores; each piece is a thread of its own, so that only cores are short. */
static struct queue_result run_queue(unsigned n, double rho, bool exponential_service, unsigned pieces) {
    struct cores cores;
    struct rng rng;
    rng_seed(&rng, 2026);
    cores_init(&cores, (uint16_t)n, 1, 1000);
    const double service = 10000;
    nsec now = 0, end = 0;
    for (unsigned i = 0; i < pieces; i++) {
        struct core_thread thread;
        core_thread_init(&thread, CORE_ANY);
        now += exponential(&rng, service / rho / n);
        nsec price = exponential_service ? exponential(&rng, service) : (nsec)service;
        end = cores_run(&cores, now, &thread, price).end;
    }
    return (struct queue_result){
        .wait = (double)cores.statistics.waited / pieces / service,
        .utilisation = (double)cores.statistics.busy / (double)end / n,
    };
}

static void a_core_is_an_mm1_queue(UNUSED void **state) {
    const double loads[] = {0.3, 0.6, 0.8};
    for (unsigned i = 0; i < COUNT(loads); i++) {
        struct queue_result r = run_queue(1, loads[i], true, 2000000);
        assert_near(r.wait, loads[i] / (1 - loads[i]), 0.02);
        assert_near(r.utilisation, loads[i], 0.02);
    }
}

static void a_core_with_constant_prices_is_an_md1_queue(UNUSED void **state) {
    const double loads[] = {0.3, 0.6, 0.8};
    for (unsigned i = 0; i < COUNT(loads); i++)
        assert_near(run_queue(1, loads[i], false, 2000000).wait, loads[i] / (2 * (1 - loads[i])), 0.02);
}

/* Erlang C for two servers: W = rho^2 / (1 - rho^2). */
static void two_cores_are_an_mm2_queue(UNUSED void **state) {
    struct queue_result r = run_queue(2, 0.7, true, 2000000);
    assert_near(r.wait, 0.49 / 0.51, 0.02);
    assert_near(r.utilisation, 0.7, 0.02);
}

static void waits_are_counted_by_size(UNUSED void **state) {
    struct cores cores;
    cores_init(&cores, 1, 1, 1000);
    for (unsigned i = 0; i < 10; i++) {
        struct core_thread thread;
        core_thread_init(&thread, CORE_ANY);
        cores_run(&cores, 0, &thread, 100); /* waits 0, 100, ... 900 */
    }
    assert_int_equal(cores_wait_quantile(&cores.statistics, 100), 0);
    assert_int_equal(cores_wait_quantile(&cores.statistics, 200), 127);
    assert_int_equal(cores_wait_quantile(&cores.statistics, 500), 511);
    assert_int_equal(cores_wait_quantile(&cores.statistics, 1000), 1023);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_cores_first_come_first_served),
        cmocka_unit_test(a_pinned_thread_waits_for_its_core),
        cmocka_unit_test(smt_stretches_what_overlaps_the_sibling),
        cmocka_unit_test(siblings_may_be_no_better_than_one),
        cmocka_unit_test(busy_threads_get_what_cores_have),
        cmocka_unit_test(a_core_is_an_mm1_queue),
        cmocka_unit_test(a_core_with_constant_prices_is_an_md1_queue),
        cmocka_unit_test(two_cores_are_an_mm2_queue),
        cmocka_unit_test(waits_are_counted_by_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
