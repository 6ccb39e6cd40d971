#include "sim/scenario_hardware.h"

#include "sim/scenario_small.h"
#include "support/test.h"

#define MBIT UINT64_C(125000)

static void the_next_line(void **state) {
    (void)state;
    static const struct {
        uint64_t capacity, line;
    } cases[] = {
        {0, 100 * MBIT},
        {100 * MBIT, 100 * MBIT},
        {100 * MBIT + 1, 1000 * MBIT},
        {3000 * MBIT, 10000 * MBIT},
        {10001 * MBIT, 100000 * MBIT},
        {200000 * MBIT, 200000 * MBIT},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(scenario_line_rate(SCENARIO_LINE_NEXT, cases[i].capacity), cases[i].line);
    assert_int_equal(scenario_line_rate(SCENARIO_LINE_CAPACITY, 7), 7);
    assert_int_equal(scenario_line_rate(SCENARIO_LINE_CAPACITY, 0), 1);
}

static void shares_spread_over_a_range(void **state) {
    (void)state;
    struct scenario s;
    struct relay_table table;
    struct mistake m = {""};
    uint32_t rows[12];
    uint16_t class[12];
    small_parse(SMALL_HEAD SMALL_NETWORK SMALL_ARMS SMALL_TRAFFIC
                "hardware:\n    classes:\n"
                "        - {name: slow, capacity_mbit_most: 90, share: 1, cores: 1}\n"
                "        - {name: fast, share: 3, cores: 4}\n",
                &s);
    assert_true(relay_table_init(&table, 12));
    for (uint32_t i = 0; i < 12; i++) {
        rows[i] = i;
        table.rows[i].capacity = (120 - 10 * i) * MBIT; /* 120, 110 ... 10 */
    }
    assert_true(scenario_hardware_assign(&s.hardware, &table, rows, 12, class, &m));
    uint32_t slow = 0;
    for (uint32_t i = 0; i < 12; i++)
        slow += class[i] == 0;
    assert_int_equal(slow, 2); /* of 8 that are below 90 */
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(class[i], 1);
    /* From the smallest: 10, 20, 30 and 40 are fast, slow or not by what is owed: one in four, far apart. */
    uint32_t in_lower_half = 0;
    for (uint32_t i = 8; i < 12; i++)
        in_lower_half += class[i] == 0;
    assert_int_equal(in_lower_half, 1);
    relay_table_fini(&table);
    scenario_fini(&s);
}

static void a_capacity_without_a_class(void **state) {
    (void)state;
    struct scenario s;
    struct relay_table table;
    struct mistake m = {""};
    const uint32_t rows[] = {0};
    uint16_t class[1];
    small_parse(SMALL_HEAD SMALL_NETWORK SMALL_ARMS SMALL_TRAFFIC
                "hardware:\n    classes:\n        - {name: slow, capacity_mbit_most: 90, cores: 1}\n",
                &s);
    assert_true(relay_table_init(&table, 1));
    table.rows[0].capacity = 93 * MBIT;
    assert_false(scenario_hardware_assign(&s.hardware, &table, rows, 1, class, &m));
    assert_string_equal(m.text,
                        "small.yaml:13: hardware.classes: expected a class for each capacity, found none for "
                        "93 Mbit/s");
    relay_table_fini(&table);
    scenario_fini(&s);
}

/* A table in which nothing but a cell costs something: 1000 ns each way, so a cell takes 2 us. */
static void machines_as_slow_as_a_capacity_says(void **state) {
    (void)state;
    const struct cost_table tor = {.ps = {.cells_received = 1000000, .cells_sent = 1000000},
                                   .smt_permille = 1000};
    const struct scenario_class same = {.slower_permille = 2500};
    const struct scenario_class limited = {.slower_permille = 21000, .capacity_percent = 200};
    uint64_t rate = scenario_tor_rate(&tor);
    assert_int_equal(rate, 257000000); /* 514 bytes in 2 us */
    assert_int_equal(scenario_slowness(&same, rate, 1), 2500);
    assert_in_range(scenario_slowness(&limited, rate, 12850000), 9990,
                    10000); /* a tenth of it is wanted twice */
    assert_int_equal(scenario_slowness(&limited, rate, 1000), 21000);
    assert_int_equal(scenario_slowness(&limited, rate, 0), 21000);
    assert_int_equal(scenario_slowness(&limited, rate, UINT64_C(1) << 40), 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_line),
        cmocka_unit_test(shares_spread_over_a_range),
        cmocka_unit_test(a_capacity_without_a_class),
        cmocka_unit_test(machines_as_slow_as_a_capacity_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
