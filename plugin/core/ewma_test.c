#include "core/ewma.h"

#include <float.h>
#include <math.h>

#include "base/attributes.h"
#include "base/rng.h"
#include "support/test.h"

#define HALF_LIFE        (30 * NSEC_PER_S)
#define WEIGHT_ERROR_MAX (1.0L / 32768) /* the law of the header */

/* Floating point only here, to check the table against. */
static void weights_are_powers_of_two(UNUSED void **state) {
    static const nsec half_lives[] = {EWMA_HALF_LIFE_MIN, HALF_LIFE, EWMA_HALF_LIFE_MAX};
    for (size_t i = 0; i < COUNT(half_lives); i++) {
        nsec half_life = half_lives[i];
        assert_int_equal(ewma_half_life(half_life), half_life);
        uint64_t last = 0;
        for (nsec part = 0; part < 10000; part++) {
            nsec at = half_life / 10000 * part;
            uint64_t weight = ewma_weight(at, half_life);
            long double wanted = (long double)EWMA_ONE * exp2l((long double)at / (long double)half_life);
            assert_true(fabsl((long double)weight - wanted) <= wanted * WEIGHT_ERROR_MAX);
            assert_true(weight >= last);
            last = weight;
        }
        assert_int_equal(ewma_weight(half_life, half_life), EWMA_ONE);
        assert_true(ewma_weight(half_life - 1, half_life) <= 2 * EWMA_ONE);
        assert_true(ewma_weight(half_life - 1, half_life) > 2 * EWMA_ONE - 1000);
    }
}

static void half_lives_are_bounded(UNUSED void **state) {
    static const nsec given[] = {0, 1, NSEC_PER_S + 63, HALF_LIFE + 1, NSEC_NEVER};
    for (size_t i = 0; i < COUNT(given); i++) {
        nsec half_life = ewma_half_life(given[i]);
        assert_true(half_life >= EWMA_HALF_LIFE_MIN);
        assert_true(half_life <= EWMA_HALF_LIFE_MAX);
        assert_int_equal(half_life % EWMA_STEPS, 0);
    }
    assert_int_equal(ewma_half_life(HALF_LIFE + 1), HALF_LIFE);
}

static void ticks_are_half_lives(UNUSED void **state) {
    assert_int_equal(ewma_tick(0, HALF_LIFE), 0);
    assert_int_equal(ewma_tick(HALF_LIFE - 1, HALF_LIFE), 0);
    assert_int_equal(ewma_tick(7 * HALF_LIFE, HALF_LIFE), 7);
    assert_int_equal(ewma_scale(100, 3, 3), 100);
    assert_int_equal(ewma_scale(101, 3, 4), 50);
    assert_int_equal(ewma_scale(EWMA_ONE, 0, 25), 0);
    assert_int_equal(ewma_scale(UINT64_MAX, 0, 64), 0);
    assert_int_equal(ewma_scale(UINT64_MAX, 0, UINT32_MAX), 0);
}

static void activity_saturates(UNUSED void **state) {
    assert_int_equal(ewma_add(5, 3, EWMA_ONE), 5 + 3 * EWMA_ONE);
    uint64_t activity = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t more = ewma_add(activity, UINT32_MAX, 2 * EWMA_ONE);
        assert_true(more >= activity);
        activity = more;
    }
    assert_true(activity == EWMA_ACTIVITY_MAX);
    assert_true(ewma_add(EWMA_ACTIVITY_MAX, 1, EWMA_ONE) == EWMA_ACTIVITY_MAX);
    assert_true(ewma_add(EWMA_ACTIVITY_MAX - 2 * EWMA_ONE, 1, EWMA_ONE) == EWMA_ACTIVITY_MAX - EWMA_ONE);
}

static void comparison_is_exact(UNUSED void **state) {
    static const struct {
        uint64_t a;
        uint32_t tick_a;
        uint64_t b;
        uint32_t tick_b;
        bool quieter;
    } cases[] = {
        {0, 0, 0, 0, false},
        {0, 9, 0, 0, false},
        {0, 0, 0, 9, false},
        {0, 9, 1, 0, true},
        {1, 0, 0, 9, false},
        {1, 0, 1, 1, true},
        {1, 1, 1, 0, false},
        {2, 0, 1, 1, false},
        {1, 1, 2, 0, false},
        {1, 1, 3, 0, true},
        {3, 0, 1, 1, false},
        {UINT64_MAX, 0, 1, 63, false},
        {UINT64_MAX, 0, 1, 64, true},
        {UINT64_MAX, 0, 2, 63, true},
        {1, 63, UINT64_MAX, 0, true},
        {1, 64, UINT64_MAX, 0, false},
        {2, 63, UINT64_MAX, 0, false},
        {UINT64_MAX, 0, 1, UINT32_MAX, true},
        {1, UINT32_MAX, UINT64_MAX, 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(ewma_is_quieter(cases[i].a, cases[i].tick_a, cases[i].b, cases[i].tick_b),
                         cases[i].quieter);
}

/* A number of as many bits as a long double has for its value, 53 on some machines and 64 at most here, so that
 * a * 2^tick is exact in it. */
static uint64_t exact_number(struct rng *rng) {
    const unsigned bits = LDBL_MANT_DIG < 64 ? LDBL_MANT_DIG : 64;
    return rng_u64(rng) >> (64 - bits) >> rng_below(rng, bits);
}

static void comparison_agrees_with_floating_point(UNUSED void **state) {
    struct rng rng;
    rng_seed(&rng, 1);
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t a = exact_number(&rng);
        uint32_t tick_a = (uint32_t)rng_below(&rng, 80);
        uint32_t tick_b = (uint32_t)rng_below(&rng, 80);
        uint64_t b = rng_below(&rng, 2) == 0 && tick_a <= tick_b
                         ? ewma_scale(a, tick_a, tick_b) + rng_below(&rng, 2)
                         : exact_number(&rng);
        bool wanted = ldexpl((long double)a, (int)tick_a) < ldexpl((long double)b, (int)tick_b);
        assert_int_equal(ewma_is_quieter(a, tick_a, b, tick_b), wanted);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_are_powers_of_two), cmocka_unit_test(half_lives_are_bounded),
        cmocka_unit_test(ticks_are_half_lives),      cmocka_unit_test(activity_saturates),
        cmocka_unit_test(comparison_is_exact),       cmocka_unit_test(comparison_agrees_with_floating_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
