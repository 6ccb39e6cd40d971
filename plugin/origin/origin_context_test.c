#include "origin/origin_context.h"

#include "support/origin_bench.h"
#include "support/test.h"

static void news_is_told_in_turn(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 0);
    struct origin_ready one, two;
    origin_ready_init(&one, ORIGIN_OWNER_CIRCUIT);
    origin_ready_init(&two, ORIGIN_OWNER_STREAM);
    assert_int_equal(origin_ready_first(&one), 0);
    origin_ready_raise(b.origin, &one, 4);
    origin_ready_raise(b.origin, &two, 2);
    origin_ready_raise(b.origin, &one, 1); /* keeps its place */
    assert_ptr_equal(b.origin->ready.next, &one.entry);
    assert_int_equal(origin_ready_first(&one), 1);
    origin_ready_lower(&one, 1);
    assert_int_equal(origin_ready_first(&one), 4);
    assert_true(list_is_linked(&one.entry));
    origin_ready_lower(&one, 4);
    assert_ptr_equal(b.origin->ready.next, &two.entry);
    origin_ready_lower(&two, UINT8_MAX);
    assert_true(list_is_empty(&b.origin->ready));
    origin_ready_lower(&two, UINT8_MAX);
    origin_bench_fini(&b);
}

static void dropped_cells_are_back(void **state) {
    (void)state;
    struct origin_bench b;
    origin_bench_init(&b, 3);
    struct cell_run run = {0};
    struct cell *cell;
    unsigned taken = 0;
    for (; (cell = cell_pool_take(&b.origin->cells, CELL_MUST)) != NULL; taken++)
        cell_run_append(&run, cell);
    assert_int_equal(taken, 3);
    origin_cells_drop(b.origin, &run);
    assert_true(cell_run_is_empty(&run));
    assert_int_equal(b.origin->cells.slab.taken, 0);
    origin_bench_fini(&b);
}

static void wall_clock_follows_virtual_time(void **state) {
    (void)state;
    struct origin o = {.config = {.unix_s_at_zero = 1000}};
    assert_int_equal(origin_unix_s(&o, 0), 1000);
    assert_int_equal(origin_unix_s(&o, 5 * NSEC_PER_S + 999), 1005);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_is_told_in_turn),
        cmocka_unit_test(dropped_cells_are_back),
        cmocka_unit_test(wall_clock_follows_virtual_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
