#include "sim/scenario_rollout.h"

#include "support/test.h"

#define RELAYS 20u

static void twenty(struct relay_table *table, uint32_t rows[static RELAYS]) {
    assert_true(relay_table_init(table, RELAYS));
    for (uint32_t i = 0; i < RELAYS; i++) {
        rows[i] = i;
        table->rows[i] = (struct relay_row){.weight = 100 - i, .capacity = 1 + i};
    }
}

static uint32_t count(const bool *chosen) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < RELAYS; i++)
        n += chosen[i];
    return n;
}

static void the_largest_first(void **state) {
    (void)state;
    struct relay_table table;
    uint32_t rows[RELAYS];
    bool chosen[RELAYS];
    twenty(&table, rows);
    const struct scenario_arm by_weight = {.percent = 25, .order = SCENARIO_BY_WEIGHT};
    assert_true(scenario_rollout_choose(&by_weight, 1, &table, rows, RELAYS, chosen));
    assert_int_equal(count(chosen), 5);
    assert_true(chosen[0] && chosen[4]);
    const struct scenario_arm by_capacity = {.percent = 25, .order = SCENARIO_BY_CAPACITY};
    assert_true(scenario_rollout_choose(&by_capacity, 1, &table, rows, RELAYS, chosen));
    assert_true(chosen[19] && chosen[15]);
    for (uint64_t percent = 0; percent <= 100; percent += 100) {
        const struct scenario_arm all_or_none = {.percent = percent};
        assert_true(scenario_rollout_choose(&all_or_none, 1, &table, rows, RELAYS, chosen));
        assert_int_equal(count(chosen), percent ? RELAYS : 0);
    }
    relay_table_fini(&table);
}

static void at_random_with_the_seed(void **state) {
    (void)state;
    struct relay_table table;
    uint32_t rows[RELAYS];
    bool few[RELAYS], more[RELAYS], other[RELAYS];
    twenty(&table, rows);
    const struct scenario_arm quarter = {.percent = 25, .order = SCENARIO_AT_RANDOM};
    const struct scenario_arm half = {.percent = 50, .order = SCENARIO_AT_RANDOM};
    assert_true(scenario_rollout_choose(&quarter, 7, &table, rows, RELAYS, few));
    assert_true(scenario_rollout_choose(&half, 7, &table, rows, RELAYS, more));
    assert_true(scenario_rollout_choose(&half, 8, &table, rows, RELAYS, other));
    assert_int_equal(count(more), 10);
    assert_memory_not_equal(more, other, sizeof(more));
    for (uint32_t i = 0; i < RELAYS; i++)
        assert_true(!few[i] || more[i]);
    relay_table_fini(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_first),
        cmocka_unit_test(at_random_with_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
