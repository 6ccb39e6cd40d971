#include "sim/results_statistics.h"

#include "support/test.h"

static void quantiles(void **state) {
    (void)state;
    uint64_t values[] = {40, 10, 30, 20, 1000};
    results_sort(values, COUNT(values));
    assert_int_equal(results_quantile(values, 5, 0), 10);
    assert_int_equal(results_quantile(values, 5, 500), 30);
    assert_int_equal(results_quantile(values, 4, 500), 25);
    assert_int_equal(results_quantile(values, 5, 950), 808); /* 40 + 0.8 x 960 */
    assert_int_equal(results_quantile(values, 5, 1000), 1000);
    const uint64_t large[] = {0, UINT64_MAX};
    assert_int_equal(results_quantile(large, 2, 500), UINT64_MAX / 2);
}

static void quantiles_of_bins(void **state) {
    (void)state;
    const uint64_t nothing[4] = {0}, zeros[4] = {9, 0, 0, 0}, spread[4] = {0, 0, 50, 50};
    assert_int_equal(results_bin_quantile(nothing, 4, 990), 0);
    assert_int_equal(results_bin_quantile(zeros, 4, 990), 0);
    assert_int_equal(results_bin_quantile(spread, 4, 500), 4); /* the end of 2..3 */
    assert_int_equal(results_bin_quantile(spread, 4, 750), 6); /* half of 4..7 */
    const uint64_t late[40] = {[39] = 1};
    assert_int_equal(results_bin_quantile(late, 40, 1000), UINT64_C(1) << 39);
}

static void means_with_intervals(void **state) {
    (void)state;
    const double values[] = {1, 2, 3};
    struct results_interval all = results_mean(values, 3);
    assert_true(all.has_half);
    assert_true(all.mean == 2.0);
    assert_true(all.half > 2.4843 && all.half < 2.4844);                 /* 4.303 / sqrt(3) */
    assert_true(all.further_half > 4.9686 && all.further_half < 4.9687); /* 4.303 * sqrt(1 + 1/3) */
    struct results_interval one = results_mean(values, 1);
    assert_false(one.has_half);
    assert_true(one.mean == 1.0 && one.further_half == 0.0);
    const double same[40] = {0};
    assert_true(results_mean(same, 40).half == 0.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles),
        cmocka_unit_test(quantiles_of_bins),
        cmocka_unit_test(means_with_intervals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
