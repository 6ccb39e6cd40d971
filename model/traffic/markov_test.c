#include "traffic/markov.h"

#include <stdlib.h>

#include "support/test.h"

#define ONE (INT64_C(1) << 32)

/* start -> A; A -> A 3 : B 1; B -> end. A sends either way, B says that it is over. */
static const uint64_t always[] = {1}, three_to_one[] = {3, 4}, even[] = {1, 2};
static const uint16_t to_a[] = {1}, to_a_or_b[] = {1, 2};
static const struct markov_emission of_a[] = {
    {MARKOV_TO_SERVER, {MARKOV_UNIFORM, 10, 10}},
    {MARKOV_TO_ORIGIN, {MARKOV_UNIFORM, 20, 20}},
};
static const struct markov_emission of_b[] = {{MARKOV_END, {MARKOV_UNIFORM, 0, 0}}};
static const struct markov_state states[] = {
    {.next_weights = always, .next = to_a, .next_count = 1},
    {three_to_one, to_a_or_b, 2, even, of_a, 2},
    {.emission_weights = always, .emissions = of_b, .emission_count = 1},
};
static const struct markov_model model = {states, COUNT(states), 0};

static void walks_have_their_shares(void **state) {
    (void)state;
    enum { WALKS = 20000 };
    uint32_t seen[2] = {0};
    for (uint64_t seed = 0; seed < WALKS; seed++) {
        struct markov_walk walk;
        enum markov_observation observation;
        nsec delay;
        markov_walk_begin(&walk, &model, seed);
        while ((observation = markov_walk_next(&walk, &delay)) != MARKOV_END) {
            assert_int_equal(delay, observation == MARKOV_TO_SERVER ? 10 : 20);
            seen[observation]++;
        }
        assert_true(walk.is_over);
        assert_int_equal(markov_walk_next(&walk, &delay), MARKOV_END);
    }
    assert_in_range(seen[0], 2 * WALKS * 97 / 100, 2 * WALKS * 103 / 100); /* four visits, half of them */
    assert_in_range(seen[1], 2 * WALKS * 97 / 100, 2 * WALKS * 103 / 100);
}

static void both_ends_walk_alike(void **state) {
    (void)state;
    struct markov_walk one, other;
    nsec delay, of_other;
    markov_walk_begin(&one, &model, 9);
    markov_walk_begin(&other, &model, 9);
    for (unsigned i = 0; i < 50; i++) {
        assert_int_equal(markov_walk_next(&one, &delay), markov_walk_next(&other, &of_other));
        assert_int_equal(delay, of_other);
    }
}

static void a_state_without_a_way_out_is_the_end(void **state) {
    (void)state;
    static const struct markov_state alone[] = {{.next_count = 0}};
    static const struct markov_model dead = {alone, 1, 0};
    struct markov_walk walk;
    nsec delay;
    markov_walk_begin(&walk, &dead, 1);
    assert_int_equal(markov_walk_next(&walk, &delay), MARKOV_END);
}

static int compare(const void *a, const void *b) {
    nsec x = *(const nsec *)a, y = *(const nsec *)b;
    return (x > y) - (x < y);
}

/* Quantiles of a hundred thousand draws: 5, 25, 50, 75, 95 %. */
static void delays_have_their_quantiles(void **state) {
    (void)state;
    enum { DRAWS = 100000 };
    static const struct {
        struct markov_delay delay;
        nsec quantiles[5];
    } cases[] = {
        {{MARKOV_UNIFORM, 1000, 2000}, {1050, 1250, 1500, 1750, 1950}},
        {{MARKOV_EXPONENTIAL, 1000000, 0}, {51293, 287682, 693147, 1386294, 2995732}},
        {{MARKOV_NORMAL, 1000000, 100000}, {835515, 932551, 1000000, 1067449, 1164485}},
        {{MARKOV_NORMAL, 0, 1000000}, {0, 0, 0, 674490, 1644854}},
        {{MARKOV_LOGNORMAL, 20 * ONE, 2 * ONE}, {107209, 411638, 1048576, 2671085, 10255775}},
        {{MARKOV_LOGNORMAL, 50 * ONE, 0},
         {600000000000, 600000000000, 600000000000, 600000000000, 600000000000}},
    };
    static nsec drawn[DRAWS];
    static const uint32_t permille[5] = {50, 250, 500, 750, 950};
    struct rng rng;
    rng_seed(&rng, 3);
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (unsigned j = 0; j < DRAWS; j++)
            drawn[j] = markov_delay_draw(&cases[i].delay, &rng);
        qsort(drawn, DRAWS, sizeof drawn[0], compare);
        for (unsigned q = 0; q < 5; q++) {
            nsec expected = cases[i].quantiles[q];
            assert_in_range(drawn[DRAWS / 1000 * permille[q]], expected - expected / 25,
                            expected + expected / 25 + 3000);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_have_their_shares),
        cmocka_unit_test(both_ends_walk_alike),
        cmocka_unit_test(a_state_without_a_way_out_is_the_end),
        cmocka_unit_test(delays_have_their_quantiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
