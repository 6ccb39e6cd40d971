#include "load/load_delays.h"

#include "base/attributes.h"
#include "support/test.h"

static struct load_delays delays;

static void assert_near(nsec found, nsec expected) {
    assert_in_range(found, expected - expected / 64, expected + expected / 64);
}

static void quantiles_of_a_thousand(UNUSED void **state) {
    load_delays_clear(&delays);
    assert_int_equal(load_delays_quantile(&delays, 500), 0);
    assert_int_equal(load_delays_mean(&delays), 0);
    for (nsec i = 1000; i >= 1; i--)
        load_delays_add(&delays, i * NSEC_PER_US);
    assert_near(load_delays_quantile(&delays, 500), 500 * NSEC_PER_US);
    assert_near(load_delays_quantile(&delays, 990), 990 * NSEC_PER_US);
    assert_near(load_delays_quantile(&delays, 1000), 1000 * NSEC_PER_US);
    assert_near(load_delays_quantile(&delays, 0), NSEC_PER_US);
    assert_int_equal(load_delays_mean(&delays), 1001 * NSEC_PER_US / 2);
}

/* Every delay comes back as itself, but for a hundredth of it. */
static void one_delay_of_any_size(UNUSED void **state) {
    for (nsec delay = 0; delay < UINT64_C(1) << 39; delay += delay / 3 + 1) {
        load_delays_clear(&delays);
        load_delays_add(&delays, delay);
        assert_near(load_delays_quantile(&delays, 500), delay);
    }
}

static void what_is_too_long_counts_as_the_longest(UNUSED void **state) {
    load_delays_clear(&delays);
    load_delays_add(&delays, UINT64_MAX / 2);
    assert_true(load_delays_quantile(&delays, 500) >= UINT64_C(1) << 39);
}

/* One slice of three has been disturbed: its delays count among all, but not for the medians. */
static void a_disturbed_slice_is_one_of_many(UNUSED void **state) {
    static struct load_delay_slices slices;
    nsec median, p99;
    load_delay_slices_begin(&slices, NULL);
    load_delay_slices_medians(&slices, &median, &p99);
    assert_int_equal(median + p99, 0);
    for (unsigned slice = 0; slice < 4; slice++)
        for (unsigned i = 0; i < 1000; i++)
            load_delay_slices_add(&slices, NSEC_PER_S + slice * LOAD_DELAY_SLICE_NS + i,
                                  (i + 1) * NSEC_PER_US + (slice == 1 ? NSEC_PER_S : 0));
    load_delay_slices_medians(&slices, &median, &p99);
    assert_int_equal(slices.count, 3); /* the last is not over */
    assert_near(median, 500 * NSEC_PER_US);
    assert_near(p99, 990 * NSEC_PER_US);
    assert_near(load_delays_quantile(&slices.all, 990), NSEC_PER_S);
}

/* 20 slices; in each second one threads waited, so that no slice is free of it, or in one of four. */
static void slices_in_which_threads_waited_are_left_out(UNUSED void **state) {
    static struct load_delay_slices slices;
    for (unsigned every = 2; every <= 4; every += 2) {
        nsec median, p99;
        load_delay_slices_begin(&slices, NULL);
        for (unsigned i = 0; i < 2 * LOAD_DELAY_SLICES_LEAST; i++) {
            slices.median[i] = slices.p99[i] = i % every < 2 ? 9000 : 10;
            slices.is_disturbed[i] = i % every < 2;
            slices.undisturbed += !slices.is_disturbed[i];
            slices.count++;
        }
        load_delay_slices_medians(&slices, &median, &p99);
        assert_int_equal(median, every == 2 ? 9000 : 10);
        assert_int_equal(p99, median);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_of_a_thousand),
        cmocka_unit_test(one_delay_of_any_size),
        cmocka_unit_test(a_disturbed_slice_is_one_of_many),
        cmocka_unit_test(slices_in_which_threads_waited_are_left_out),
        cmocka_unit_test(what_is_too_long_counts_as_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
