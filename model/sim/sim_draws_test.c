#include "sim/sim_draws.h"

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
        nsec drawn = sim_draw_exponential(&rng, mean);
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
        assert_int_equal(sim_draw_exponential(&rng, 0), 0);
}

static void test_weights_are_shares(void **state) {
    (void)state;
    static const uint64_t cumulative[] = {10, 10, 40, 100}; /* 10, none, 30, 60 % */
    uint32_t drawn[4] = {0};
    struct rng rng;
    rng_seed(&rng, 6);
    for (unsigned i = 0; i < 100000; i++)
        drawn[sim_draw_weighted(&rng, cumulative, 4)]++;
    assert_in_range(drawn[0], 9700, 10300);
    assert_int_equal(drawn[1], 0);
    assert_in_range(drawn[2], 29500, 30500);
    assert_in_range(drawn[3], 59500, 60500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exponential_has_its_mean_and_tail),
        cmocka_unit_test(test_no_mean_no_wait),
        cmocka_unit_test(test_weights_are_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
