#include "sim/scenario_sample.h"

#include "support/test.h"

static void roles(void **state) {
    (void)state;
    static const struct {
        uint16_t flags;
        const char *name;
    } cases[] = {
        {RELAY_EXIT | RELAY_GUARD, "exitguard"},
        {RELAY_EXIT, "exit"},
        {RELAY_GUARD, "guard"},
        {RELAY_FAST, "middle"},
        {RELAY_EXIT | RELAY_BAD_EXIT, "middle"},
        {RELAY_EXIT | RELAY_BAD_EXIT | RELAY_GUARD, "guard"},
        {RELAY_EXIT | RELAY_GUARD | RELAY_MIDDLE_ONLY, "middle"},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(relay_role_name(relay_role_of(cases[i].flags)), cases[i].name);
}

/* Ten guards of weights 10 to 1 and one exit, as a table has them: heaviest first. */
static void ten_guards(struct relay_table *table) {
    assert_true(relay_table_init(table, 11));
    table->rows[0] = (struct relay_row){.weight = 50, .flags = RELAY_EXIT};
    for (uint32_t i = 1; i <= 10; i++)
        table->rows[i] = (struct relay_row){.weight = 11 - i, .flags = RELAY_GUARD};
}

static void medians_of_runs(void **state) {
    (void)state;
    struct relay_table table;
    struct scenario_sample sample;
    ten_guards(&table);
    /* round(10 x 0.3) = 3 runs of weights 1..4, 5..7, 8..10: their middles are 3, 6, 9. The exit has no like. */
    assert_true(scenario_sample_take(&table, 300, &sample));
    assert_int_equal(sample.count, 4);
    assert_int_equal(sample.rows[0], 0);
    assert_int_equal(table.rows[sample.rows[1]].weight, 9);
    assert_int_equal(table.rows[sample.rows[2]].weight, 6);
    assert_int_equal(table.rows[sample.rows[3]].weight, 3);
    scenario_sample_fini(&sample);
    relay_table_fini(&table);
}

static void all_of_it(void **state) {
    (void)state;
    struct relay_table table;
    struct scenario_sample sample;
    ten_guards(&table);
    assert_true(scenario_sample_take(&table, 1000, &sample));
    assert_int_equal(sample.count, 11);
    for (uint32_t i = 0; i < sample.count; i++)
        assert_int_equal(sample.rows[i], i);
    scenario_sample_fini(&sample);
    relay_table_fini(&table);
}

static void no_role_vanishes(void **state) {
    (void)state;
    struct relay_table table;
    struct scenario_sample sample;
    ten_guards(&table);
    assert_true(scenario_sample_take(&table, 1, &sample));
    assert_int_equal(sample.count, 2);
    assert_int_equal(sample.rows[0], 0);
    assert_int_equal(table.rows[sample.rows[1]].weight, 6);
    scenario_sample_fini(&sample);
    relay_table_fini(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roles),
        cmocka_unit_test(medians_of_runs),
        cmocka_unit_test(all_of_it),
        cmocka_unit_test(no_role_vanishes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
