#include "sim/sim_paths.h"

#include <string.h>

#include "support/test.h"
#include "support/test_memory.h"

/* Each case of dir-spec 3.8.3, worked out by hand; weights of 10000. */
static void test_weights_follow_the_specification(void **state) {
    (void)state;
    static const struct {
        uint64_t g, m, e, d;
        struct sim_weights expected; /* gg gd, mg me md mm, ee ed */
    } cases[] = {
        /* 1: nothing is scarce. ee = 85 / 105, mg = 35 / 120 */
        {40, 10, 35, 0, {7084, 3333, 2916, 1905, 3333, 10000, 8095, 3333}},
        /* 2a: both are, and those of both kinds do not make up for it: all of them exit */
        {10, 80, 5, 2, {10000, 0, 0, 0, 0, 10000, 10000, 10000}},
        /* 2b: both are. ed = 70 / 90, md would be below zero */
        {20, 40, 10, 30, {10000, 2223, 0, 0, 0, 10000, 10000, 7777}},
        /* 3a: exits are, even with those of both kinds. mg = 30 / 120 */
        {60, 30, 5, 5, {7500, 0, 2500, 0, 0, 10000, 10000, 10000}},
        /* 3a: guards are. me = 30 / 120 */
        {5, 30, 60, 5, {10000, 10000, 0, 2500, 0, 10000, 7500, 0}},
        /* 3b: exits are. ed = 70 / 90, gg = 60 / 100 */
        {50, 10, 10, 30, {6000, 1111, 4000, 0, 1111, 10000, 10000, 7777}},
        /* 3b: guards are. gd = 70 / 90, ee = 60 / 100 */
        {10, 10, 50, 30, {10000, 7777, 0, 4000, 1111, 10000, 6000, 1111}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sim_weights w = sim_weights_of(cases[i].g, cases[i].m, cases[i].e, cases[i].d);
        assert_memory_equal(&w, &cases[i].expected, sizeof w);
    }
}

/* Relay 0: middle; 1 and 2: guards; 3 and 4: exits; 5: both; 6: a guard that is not fast; 7: an exit of no weight. */
static const struct sim_relay_config relays[] = {
    {.weight = 100, .flags = SIM_FAST},
    {.weight = 100, .flags = SIM_FAST | SIM_STABLE | SIM_GUARD},
    {.weight = 300, .flags = SIM_FAST | SIM_STABLE | SIM_GUARD},
    {.weight = 100, .flags = SIM_FAST | SIM_EXIT},
    {.weight = 100, .flags = SIM_FAST | SIM_EXIT},
    {.weight = 50, .flags = SIM_FAST | SIM_STABLE | SIM_GUARD | SIM_EXIT},
    {.weight = 100, .flags = SIM_STABLE | SIM_GUARD},
    {.weight = 0, .flags = SIM_FAST | SIM_EXIT},
};
#define RELAYS ((uint32_t)(sizeof relays / sizeof relays[0]))

static void draw_many(enum sim_position position, const uint32_t *excluded, uint32_t excluded_count,
                      uint32_t counts[RELAYS]) {
    struct test_memory memory;
    struct sim_paths paths;
    struct rng rng;
    test_memory_init(&memory);
    rng_seed(&rng, 9);
    assert_true(sim_paths_init(&paths, &memory.memory, relays, RELAYS));
    memset(counts, 0, RELAYS * sizeof *counts);
    for (unsigned i = 0; i < 10000; i++)
        counts[sim_paths_draw(&paths, &rng, position, excluded, excluded_count)]++;
    sim_paths_fini(&paths, &memory.memory);
    test_memory_fini(&memory);
}

/* Exits are scarce, even with relay 5: it is only an exit, and guards are middles too. */
static void test_flags_decide_who_is_asked(void **state) {
    (void)state;
    uint32_t counts[RELAYS];
    draw_many(SIM_POSITION_GUARD, NULL, 0, counts);
    assert_in_range(counts[1], 2350, 2650);
    assert_in_range(counts[2], 7350, 7650);
    assert_int_equal(counts[1] + counts[2], 10000);
    draw_many(SIM_POSITION_EXIT, NULL, 0, counts);
    assert_in_range(counts[3], 3850, 4150);
    assert_in_range(counts[5], 1850, 2150);
    assert_int_equal(counts[3] + counts[4] + counts[5], 10000);
    draw_many(SIM_POSITION_MIDDLE, NULL, 0, counts);
    assert_true(counts[0] > 1000);
    assert_int_equal(counts[3] + counts[4] + counts[5] + counts[6] + counts[7], 0);
}

static void test_excluded_relays_are_not_drawn(void **state) {
    (void)state;
    static const uint32_t excluded[] = {3, 5};
    uint32_t counts[RELAYS];
    draw_many(SIM_POSITION_EXIT, excluded, 2, counts);
    assert_int_equal(counts[4], 10000);
}

static void test_nobody_is_left(void **state) {
    (void)state;
    static const uint32_t all_exits[] = {3, 4, 5};
    struct test_memory memory;
    struct sim_paths paths;
    struct rng rng;
    test_memory_init(&memory);
    rng_seed(&rng, 9);
    assert_true(sim_paths_init(&paths, &memory.memory, relays, RELAYS));
    assert_int_equal(sim_paths_draw(&paths, &rng, SIM_POSITION_EXIT, all_exits, 3), SIM_NO_RELAY);
    sim_paths_fini(&paths, &memory.memory);
    assert_true(sim_paths_init(&paths, &memory.memory, relays, 1)); /* only a middle */
    assert_int_equal(sim_paths_draw(&paths, &rng, SIM_POSITION_GUARD, NULL, 0), SIM_NO_RELAY);
    sim_paths_fini(&paths, &memory.memory);
    test_memory_fini(&memory);
}

/* One of many has nearly all the weight, and is excluded: the draw is still that of the others. */
static void test_a_giant_that_is_excluded(void **state) {
    (void)state;
    struct sim_relay_config three[3] = {relays[3], relays[4], relays[4]};
    three[0].weight = 4000000000;
    static const uint32_t giant = 0;
    struct test_memory memory;
    struct sim_paths paths;
    struct rng rng;
    uint32_t ones = 0;
    test_memory_init(&memory);
    rng_seed(&rng, 9);
    assert_true(sim_paths_init(&paths, &memory.memory, three, 3));
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t drawn = sim_paths_draw(&paths, &rng, SIM_POSITION_EXIT, &giant, 1);
        assert_in_range(drawn, 1, 2);
        ones += drawn == 1;
    }
    assert_in_range(ones, 440, 560);
    sim_paths_fini(&paths, &memory.memory);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_follow_the_specification),
        cmocka_unit_test(test_flags_decide_who_is_asked),
        cmocka_unit_test(test_excluded_relays_are_not_drawn),
        cmocka_unit_test(test_nobody_is_left),
        cmocka_unit_test(test_a_giant_that_is_excluded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
