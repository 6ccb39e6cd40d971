#include "traffic/draw.h"

#include "support/test.h"

/* Mean 1, and e^-1, e^-2, e^-3 of all draws above 1, 2, 3 means: each within 1 % of a million draws. */
static void test_exponential_has_its_mean_and_tail(void **state) {
    (void)state;
    enum { DRAWS = 1000000 };
    static const uint32_t expected[] = {367879, 135335, 49787};
    const nsec mean = NSEC_PER_S;
    struct rng rng;
    rng_seed(&rng, 5);
    uint64_t sum_us = 0;
    uint32_t above[3] = {0};
    for (unsigned i = 0; i < DRAWS; i++) {
        nsec drawn = draw_exponential(&rng, mean);
        sum_us += drawn / NSEC_PER_US;
        for (unsigned j = 0; j < 3; j++)
            above[j] += drawn > (j + 1) * mean;
    }
    assert_in_range(sum_us / DRAWS, 995000, 1005000);
    for (unsigned j = 0; j < 3; j++)
        assert_in_range(above[j], expected[j] * 99 / 100, expected[j] * 101 / 100);
}

static void test_no_mean_no_wait(void **state) {
    (void)state;
    struct rng rng;
    rng_seed(&rng, 5);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(draw_exponential(&rng, 0), 0);
}

static void test_weights_are_shares(void **state) {
    (void)state;
    static const uint64_t cumulative[] = {10, 10, 40, 100}; /* 10, none, 30, 60 % */
    uint32_t drawn[4] = {0};
    struct rng rng;
    rng_seed(&rng, 6);
    for (unsigned i = 0; i < 100000; i++)
        drawn[draw_weighted(&rng, cumulative, 4)]++;
    assert_in_range(drawn[0], 9700, 10300);
    assert_int_equal(drawn[1], 0);
    assert_in_range(drawn[2], 29500, 30500);
    assert_in_range(drawn[3], 59500, 60500);
}

/* The shares of a million draws that are below -2, -1, 0, 1, 2 and 3 deviations. */
static void test_normal_has_its_quantiles(void **state) {
    (void)state;
    enum { DRAWS = 1000000 };
    static const struct {
        int at;
        uint32_t below;
    } expected[] = {{-2, 22750}, {-1, 158655}, {0, 500000}, {1, 841345}, {2, 977250}, {3, 998650}};
    uint32_t below[COUNT(expected)] = {0};
    struct rng rng;
    rng_seed(&rng, 7);
    for (unsigned i = 0; i < DRAWS; i++) {
        int64_t drawn = draw_normal(&rng);
        assert_true(drawn < INT64_C(6) << 32 && drawn > -(INT64_C(6) << 32));
        for (unsigned j = 0; j < COUNT(expected); j++)
            below[j] += drawn < expected[j].at * (INT64_C(1) << 32);
    }
    for (unsigned j = 0; j < COUNT(expected); j++)
        assert_in_range(below[j], expected[j].below - 1500, expected[j].below + 1500);
}

static void test_powers_of_two(void **state) {
    (void)state;
    static const struct {
        int64_t exponent;
        uint64_t most, expected;
    } cases[] = {
        {0, 100, 1},
        {INT64_C(10) << 32, 2000, 1024},
        {INT64_C(10) << 32, 1000, 1000},
        {(INT64_C(10) << 32) + (INT64_C(1) << 31), 2000, 1448}, /* 2^10.5 = 1448.15 */
        {INT64_C(40) << 32, UINT64_MAX, UINT64_C(1) << 40},
        {INT64_C(62) << 32, UINT64_MAX, UINT64_C(1) << 62},
        {INT64_C(63) << 32, 5, 5},
        {INT64_MAX, 5, 5},
        {-1, 5, 0}, /* just below 1 */
        {-(INT64_C(31) << 32), 5, 0},
        {INT64_MIN, 5, 0},
        {INT64_C(6800000000), 5, 2}, /* 2^1.583 = 2.996: rounded down */
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(draw_power(cases[i].exponent, cases[i].most), cases[i].expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponential_has_its_mean_and_tail),
        cmocka_unit_test(test_no_mean_no_wait),
        cmocka_unit_test(test_weights_are_shares),
        cmocka_unit_test(test_normal_has_its_quantiles),
        cmocka_unit_test(test_powers_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
