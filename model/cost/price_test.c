#include "cost/price.h"

#include "support/test.h"

/* Each kind of work has its own price, so that a mix-up of two would show. */
static struct cost_table table_of_primes(void) {
    static const uint64_t primes[] = {2,   3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,
                                      43,  47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101,
                                      103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
                                      173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239};
    struct cost_table table = {.cell_cold_ps = 251, .queues_hot = 20};
    size_t i = 0;
#define X(name) table.ps.name = primes[i++];
    WORK_LIST(X)
#undef X
    assert_true(i <= COUNT(primes));
    return table;
}

static void each_kind_of_work_has_its_own_price(void **state) {
    (void)state;
    const struct cost_table table = table_of_primes();
    const struct working_set idle = {0};
#define X(name)                                                                   \
    {                                                                             \
        const struct work one = {.name = 1}, seven = {.name = 7};                 \
        assert_int_equal(cost_work_ps(&table, &one, &idle), table.ps.name);       \
        assert_int_equal(cost_work_ps(&table, &seven, &idle), 7 * table.ps.name); \
    }
    WORK_LIST(X)
#undef X
    assert_int_equal(cost_work_ps(&table, &(struct work){0}, &idle), 0);
}

/* 100 cells of 509 B at 354 ps, 13 records at 600 ns, 13 writes at 1530 ns = 1.8018 + 0.78 + 1.989 ms / 100. */
static void a_sum_is_rounded_up_once(void **state) {
    (void)state;
    const struct cost_table table = {
        .ps = {.aes_bytes = 354, .tls_records_written = 600000, .writes = 1530000}};
    const struct work work = {.aes_bytes = 50900, .tls_records_written = 13, .writes = 13};
    const struct working_set idle = {0};
    assert_int_equal(cost_work_ps(&table, &work, &idle), 18018600 + 7800000 + 19890000);
    assert_int_equal(cost_price(&table, &work, &idle), 45709);
}

/* Calls and bytes of sockets, and nothing else. */
static void the_part_of_sockets(void **state) {
    (void)state;
    const struct cost_table table = table_of_primes();
    struct work all = {0};
#define X(name) all.name = 10;
    WORK_LIST(X)
#undef X
    assert_int_equal(cost_socket_ps(&table, &all),
                     10 * (table.ps.reads + table.ps.writes + table.ps.tls_bytes_read +
                           table.ps.tls_bytes_written + table.ps.edge_bytes_in + table.ps.edge_bytes_out +
                           table.ps.edge_reads + table.ps.edge_writes));
}

static void price_of_one_unit(uint64_t ps, nsec expected) {
    const struct cost_table table = {.ps = {.reads = ps}};
    const struct work one = {.reads = 1};
    assert_int_equal(cost_price(&table, &one, &(struct working_set){0}), expected);
}

static void nanoseconds_are_rounded_up(void **state) {
    (void)state;
    price_of_one_unit(0, 0);
    price_of_one_unit(1, 1);
    price_of_one_unit(1000, 1);
    price_of_one_unit(1001, 2);
}

/* 1 - hot / active of the switches are cold. */
static void circuits_get_cold_when_there_are_many(void **state) {
    (void)state;
    static const struct {
        uint32_t active;
        uint64_t expected;
    } cases[] = {{0, 100}, {250, 100}, {251, 101}, {500, 256}, {1000, 334}, {UINT32_MAX, 411}};
    const struct cost_table table = {
        .ps = {.circuit_switches = 100}, .circuit_cold_ps = 312, .halves_hot = 250};
    const struct work one = {.circuit_switches = 1};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct working_set set = {.halves = UINT32_MAX, .halves_active = cases[i].active};
        assert_int_equal(cost_work_ps(&table, &one, &set), cases[i].expected);
    }
}

/* 1 - hot / active of the cells received, and besides of the switches: each by its own count. */
static void cells_that_wait_get_cold_before_circuits_do(void **state) {
    (void)state;
    static const struct {
        uint32_t active;
        uint64_t expected;
    } cases[] = {{100, 700}, {200, 1050}, {400, 1225}, {1000, 1330 + 300}, {UINT32_MAX, 1399 + 599}};
    const struct cost_table table = {.ps = {.cells_received = 100, .cells_crossed = 100},
                                     .cell_cold_ps = 100,
                                     .queues_hot = 100,
                                     .circuit_cold_ps = 300,
                                     .halves_hot = 500};
    const struct work work = {.cells_received = 5, .cells_crossed = 2, .circuit_switches = 2};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct working_set set = {.halves_active = cases[i].active, .cells_waiting = cases[i].active};
        assert_in_range(cost_work_ps(&table, &work, &set), cases[i].expected - 7, cases[i].expected);
    }
}

static void what_streams_bring_is_as_cold_as_cells_that_wait(void **state) {
    (void)state;
    static const struct {
        uint32_t waiting;
        uint64_t expected;
    } cases[] = {{0, 0}, {80, 0}, {160, 7 * 50}, {320, 7 * 75}, {640, 7 * 87}};
    const struct cost_table table = {.edge_cold_ps = 100, .queues_hot = 80, .smt_permille = 1000};
    const struct work work = {.edge_bytes_in = 5, .edge_bytes_out = 2};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct working_set set = {.halves_active = UINT32_MAX, .cells_waiting = cases[i].waiting};
        assert_int_equal(cost_work_ps(&table, &work, &set), cases[i].expected);
    }
}

static void sums_that_leave_64_bits_stay_at_the_end(void **state) {
    (void)state;
    const struct working_set crowd = {.halves_active = UINT32_MAX, .cells_waiting = UINT32_MAX};
    struct cost_table table = {.circuit_cold_ps = COST_COLD_PS_MAX, .cell_cold_ps = COST_COLD_PS_MAX};
    struct work work;
#define X(name)                        \
    table.ps.name = COST_PRICE_PS_MAX; \
    work.name = UINT64_MAX;
    WORK_LIST(X)
#undef X
    assert_int_equal(cost_work_ps(&table, &work, &crowd), UINT64_MAX);
    assert_int_equal(cost_price(&table, &work, &crowd), UINT64_MAX / 1000 + 1);

    /* The largest sum that fits is still exact. */
    table = (struct cost_table){.ps = {.reads = 1000000}};
    work = (struct work){.reads = UINT64_MAX / 1000000};
    assert_int_equal(cost_work_ps(&table, &work, &crowd), UINT64_MAX / 1000000 * 1000000);
}

/* Any further unit of any work is never for less. */
static void more_is_never_cheaper(void **state) {
    (void)state;
    const struct cost_table table = table_of_primes();
    for (uint64_t n = 1; n < 100; n++) {
        const struct working_set set = {.halves_active = (uint32_t)n, .cells_waiting = (uint32_t)n};
        const struct work less = {.circuits_opened = 7 * n, .reads = n * n};
        struct work more = less;
        nsec price = cost_price(&table, &less, &set);
#define X(name)                                            \
    more.name++;                                           \
    assert_true(cost_price(&table, &more, &set) >= price); \
    more.name--;
        WORK_LIST(X)
#undef X
    }
}

/* Parts one after the other end where the whole does, but for the nanosecond that each is rounded up by. */
static void parts_add_up(void **state) {
    (void)state;
    const struct cost_table table = table_of_primes();
    const struct working_set set = {0};
    const struct work part = {.reads = 331, .writes = 17}, whole = {.reads = 1655, .writes = 85};
    nsec parts = 5 * cost_price(&table, &part, &set);
    nsec once = cost_price(&table, &whole, &set);
    assert_true(parts >= once);
    assert_true(parts <= once + 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_work_has_its_own_price),
        cmocka_unit_test(a_sum_is_rounded_up_once),
        cmocka_unit_test(the_part_of_sockets),
        cmocka_unit_test(nanoseconds_are_rounded_up),
        cmocka_unit_test(circuits_get_cold_when_there_are_many),
        cmocka_unit_test(cells_that_wait_get_cold_before_circuits_do),
        cmocka_unit_test(what_streams_bring_is_as_cold_as_cells_that_wait),
        cmocka_unit_test(sums_that_leave_64_bits_stay_at_the_end),
        cmocka_unit_test(more_is_never_cheaper),
        cmocka_unit_test(parts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
