#include "cost/price_draw.h"

#include <string.h>

#include "base/rng.h"
#include "support/test.h"

#define QUARTER (UINT32_C(1) << 30)
#define HALF    (UINT32_C(1) << 31)
#define EIGHTH  (UINT32_C(1) << 29)

/* A quarter of the draws in a half lie further than half of the way: (1 - 1/2)^2. */
static void the_law_at_some_places(void **state) {
    (void)state;
    static const struct {
        uint64_t cheap, value, dear;
        uint32_t place;
        uint64_t expected;
    } cases[] = {
        {1000, 2000, 6000, 0, 1000},
        {1000, 2000, 6000, EIGHTH, 1500},
        {1000, 2000, 6000, HALF, 2000},
        {1000, 2000, 6000, HALF + (HALF - EIGHTH), 4000},
        {1000, 2000, 6000, UINT32_MAX, 5999},
        {1000, 1000, 1000, QUARTER, 1000},
        {2000, 2000, 6000, EIGHTH, 2000}, /* nothing below: half of all draws are the value */
        {6000, 2000, 1000, EIGHTH, 4000}, /* the cheap end is the higher number */
        {6000, 2000, 1000, HALF + (HALF - EIGHTH), 1500},
        {0, COST_PRICE_PS_MAX, COST_PRICE_PS_MAX, EIGHTH, COST_PRICE_PS_MAX / 2},
        {0, 0, COST_PRICE_PS_MAX, HALF + (HALF - EIGHTH), COST_PRICE_PS_MAX / 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(price_at_place(cases[i].cheap, cases[i].value, cases[i].dear, cases[i].place),
                         cases[i].expected);
}

static void a_higher_place_is_never_cheaper(void **state) {
    (void)state;
    uint64_t before = 0;
    for (uint64_t place = 0; place <= UINT32_MAX; place += 65537) {
        uint64_t price = price_at_place(3, 1234567, 987654321, (uint32_t)place);
        assert_true(price >= before);
        before = price;
    }
}

/* A profile of which each number has an interval of its own. */
static struct cost_profile made_up(void) {
    struct cost_profile profile = {.cores = 1};
    for (uint32_t i = 0; i < price_numbers_count(); i++) {
        price_number_set(&profile.least, i, 1000 + i);
        price_number_set(&profile.value, i, 2000 + 2 * i);
        price_number_set(&profile.most, i, 4000 + 4 * i);
    }
    return profile;
}

static void half_lie_below_the_value_and_none_beyond_an_end(void **state) {
    (void)state;
    const uint32_t draws = 20000;
    const struct cost_profile profile = made_up();
    uint32_t below[PRICE_SOURCES] = {0}, far_below = 0;
    struct cost_table table;
    struct rng rng;
    rng_seed(&rng, 1);
    for (uint32_t n = 0; n < draws; n++) {
        price_draw(&profile, &rng, &table);
        for (uint32_t i = 0; i < price_numbers_count(); i++) {
            uint64_t drawn = price_number_get(&table, i);
            assert_in_range(drawn, 1000 + i, 4000 + 4 * i);
            below[price_number_source(i)] +=
                i + 1 == price_numbers_count() || price_number_source(i) != price_number_source(i + 1)
                    ? drawn < 2000 + 2 * i
                    : 0;
        }
        far_below += table.ps.reads < price_number_get(&profile.value, 6) - 500;
    }
    for (uint32_t i = 0; i < PRICE_SOURCES; i++)
        assert_in_range(below[i], draws * 48 / 100, draws * 52 / 100);
    assert_string_equal(price_number_name(6), "reads");
    assert_in_range(far_below, draws * 11 / 100, draws * 14 / 100); /* an eighth */
}

/* Where one number of a source is in its interval, the others of it are; other sources are elsewhere. */
static void a_source_is_wrong_as_a_whole(void **state) {
    (void)state;
    struct cost_profile profile = made_up();
    for (uint32_t i = 0; i < price_numbers_count(); i++) {
        price_number_set(&profile.least, i, 0);
        price_number_set(&profile.value, i, 1u << 20);
        price_number_set(&profile.most, i, 1u << 21);
    }
    struct cost_table table;
    struct rng rng;
    rng_seed(&rng, 7);
    price_draw(&profile, &rng, &table);
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        for (uint32_t j = 0; j < i; j++)
            assert_int_equal(price_number_get(&table, i) == price_number_get(&table, j),
                             price_number_source(i) == price_number_source(j));
}

static void the_same_seed_draws_the_same(void **state) {
    (void)state;
    const struct cost_profile profile = made_up();
    struct cost_table a, b, c;
    struct rng rng, copy, other;
    rng_seed(&rng, 3);
    copy = rng;
    rng_seed(&other, 4);
    price_draw(&profile, &rng, &a);
    price_draw(&profile, &copy, &b);
    price_draw(&profile, &other, &c);
    assert_memory_equal(&a, &b, sizeof a);
    assert_memory_equal(&rng, &copy, sizeof rng);
    assert_memory_not_equal(&a, &c, sizeof a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_law_at_some_places),
        cmocka_unit_test(a_higher_place_is_never_cheaper),
        cmocka_unit_test(half_lie_below_the_value_and_none_beyond_an_end),
        cmocka_unit_test(a_source_is_wrong_as_a_whole),
        cmocka_unit_test(the_same_seed_draws_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
