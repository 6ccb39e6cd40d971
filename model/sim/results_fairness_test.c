#include "sim/results_fairness.h"

#include <math.h>

#include "support/test.h"

static void assert_index(struct results_rate *rates, size_t n, double expected) {
    double index;
    assert_true(results_fairness(rates, n, &index));
    if (fabs(index - expected) > 1e-12)
        fail_msg("%.15g, expected %.15g", index, expected);
}

static void all_alike(void **state) {
    (void)state;
    struct results_rate rates[] = {{0, 7, 100, 0}, {0, 3, 100, 0}, {0, 5, 100, 0}};
    assert_index(rates, COUNT(rates), 1);
}

static void larger_files_are_no_privilege(void **state) {
    (void)state;
    struct results_rate rates[] = {{0, 1, 10, 0}, {0, 2, 10, 0}, {1, 2, 900, 0}, {1, 3, 900, 0}};
    assert_index(rates, COUNT(rates), 1);
}

/* Three times as much for one of two: (1 + 3)^2 / (2 (1 + 9)), whatever the median. */
static void one_has_more(void **state) {
    (void)state;
    struct results_rate rates[] = {{0, 2, 300, 0}, {0, 1, 100, 0}};
    assert_index(rates, COUNT(rates), 0.8);
}

/* Hosts 1 and 2 have the same in the mean of their transfers. */
static void a_host_counts_by_its_mean(void **state) {
    (void)state;
    struct results_rate rates[] = {{0, 1, 100, 0}, {0, 2, 200, 0}, {0, 1, 300, 0}};
    assert_index(rates, COUNT(rates), 1);
}

static void too_few(void **state) {
    (void)state;
    struct results_rate rates[] = {{0, 1, 100, 0}, {0, 1, 300, 0}};
    double index;
    assert_false(results_fairness(rates, COUNT(rates), &index));
    assert_false(results_fairness(rates, 0, &index));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_alike),    cmocka_unit_test(larger_files_are_no_privilege),
        cmocka_unit_test(one_has_more), cmocka_unit_test(a_host_counts_by_its_mean),
        cmocka_unit_test(too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
