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

/* Of so many slices one in each few waited; their delays fall, the longer that is ago. */
static nsec median_of_slices(uint32_t count, uint32_t every) {
    static struct load_delay_slices slices;
    nsec median, p99;
    load_delay_slices_begin(&slices, NULL);
    for (uint32_t i = 0; i < count; i++) {
        slices.after[i] = i % every;
        slices.median[i] = slices.p99[i] = 1000 - i % every;
        slices.undisturbed += i % every > LOAD_DELAY_AFTER_LEAST;
        slices.count++;
    }
    load_delay_slices_medians(&slices, &median, &p99);
    assert_int_equal(median, p99);
    return median;
}

/* The longest after any waiting are taken, but at least LOAD_DELAY_SLICES_LEAST; if too few are free of it, all are. */
static void slices_long_after_any_waiting_are_taken(UNUSED void **state) {
    assert_int_equal(median_of_slices(100, 2), 1000); /* each has waited, or the one before it has */
    assert_int_equal(median_of_slices(100, 10), 991); /* ten are nine slices after it */
    assert_int_equal(median_of_slices(50, 10),
                     992); /* five are nine slices after it, ten are eight or nine */
    assert_int_equal(median_of_slices(24, 3), 998);
    assert_int_equal(median_of_slices(21, 3), 999); /* seven are no longer enough */
}

static void waiting_is_counted_from_the_last(UNUSED void **state) {
    static struct load_delay_slices slices;
    load_delay_slices_begin(&slices, NULL);
    for (unsigned slice = 0; slice < 3; slice++)
        for (unsigned i = 0; i < 200; i++)
            load_delay_slices_add(&slices, NSEC_PER_S + slice * LOAD_DELAY_SLICE_NS + i, NSEC_PER_US);
    assert_int_equal(slices.undisturbed, 2);
    assert_true(slices.after[0] > LOAD_DELAY_AFTER_MOST);
    assert_int_equal(slices.after[1], slices.after[0] + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_of_a_thousand),
        cmocka_unit_test(one_delay_of_any_size),
        cmocka_unit_test(a_disturbed_slice_is_one_of_many),
        cmocka_unit_test(slices_long_after_any_waiting_are_taken),
        cmocka_unit_test(waiting_is_counted_from_the_last),
        cmocka_unit_test(what_is_too_long_counts_as_the_longest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
