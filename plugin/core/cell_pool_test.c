#include "core/cell_pool.h"

#include "support/test.h"
#include "support/test_memory.h"

#define STATION 3u

static struct cell_run make_run(struct cell_pool *pool, uint32_t first, uint32_t count) {
    struct cell_run run = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_pool_take(pool, CELL_MUST);
        assert_non_null(cell);
        cell->circ_id = first + i;
        cell_run_append(&run, cell);
    }
    return run;
}

static void expect_run(struct cell_pool *pool, struct cell_run *run, uint32_t first, uint32_t count) {
    assert_int_equal(run->count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_run_shift(run);
        assert_non_null(cell);
        assert_int_equal(cell->circ_id, first + i);
        assert_null(cell->next);
        cell_pool_put(pool, cell);
    }
    assert_true(cell_run_is_empty(run));
    assert_null(run->last);
    assert_int_equal(run->count, 0);
    assert_null(cell_run_shift(run));
}

static void cell_is_fresh_and_aligned(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct cell_pool pool;
    cell_pool_init(&pool, &m.memory, STATION, 509, 100);

    struct cell *cell = cell_pool_take(&pool, CELL_MAY_FAIL);

    assert_non_null(cell);
    assert_int_equal(cell->home, STATION);
    assert_int_equal(cell->kind, CELL_KIND_CELL);
    assert_int_equal(cell->to, 0);
    assert_int_equal((uintptr_t)cell->body % 16, 0);
    memset(cell->body, 0xff, 509);
    cell_pool_put(&pool, cell);
    cell_pool_fini(&pool);
    test_memory_fini(&m);
}

static void reserve_is_for_what_must_not_fail(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct cell_pool pool;
    cell_pool_init(&pool, &m.memory, STATION, 64, 16);
    struct cell_run run = {0};

    for (unsigned i = 0; i < 14; i++) {
        struct cell *cell = cell_pool_take(&pool, CELL_MAY_FAIL);
        assert_non_null(cell);
        cell_run_append(&run, cell);
    }
    assert_null(cell_pool_take(&pool, CELL_MAY_FAIL));
    for (unsigned i = 0; i < 2; i++)
        cell_run_append(&run, cell_pool_take(&pool, CELL_MUST));
    assert_null(cell_pool_take(&pool, CELL_MUST));

    while (!cell_run_is_empty(&run))
        cell_pool_put(&pool, cell_run_shift(&run));
    assert_int_equal(pool.slab.taken, 0);
    cell_pool_fini(&pool);
    test_memory_fini(&m);
}

static void no_memory_is_no_cell(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    test_memory_fail_after(&m, 0);
    struct cell_pool pool;
    cell_pool_init(&pool, &m.memory, STATION, 64, 16);

    assert_null(cell_pool_take(&pool, CELL_MUST));

    cell_pool_fini(&pool);
    test_memory_fini(&m);
}

static void runs_keep_their_order(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct cell_pool pool;
    cell_pool_init(&pool, &m.memory, STATION, 64, 100);
    struct cell_run run = make_run(&pool, 0, 3);
    struct cell_run more = make_run(&pool, 3, 4);
    struct cell_run none = {0};

    cell_run_concat(&run, &more);
    assert_true(cell_run_is_empty(&more));
    cell_run_concat(&run, &none);
    cell_run_concat(&none, &run);
    assert_true(cell_run_is_empty(&run));

    expect_run(&pool, &none, 0, 7);
    cell_pool_fini(&pool);
    test_memory_fini(&m);
}

static void split_takes_from_the_front(UNUSED void **state) {
    static const struct {
        uint32_t cells, split, head;
    } cases[] = {{0, 0, 0}, {0, 5, 0}, {5, 0, 0}, {5, 1, 1}, {5, 4, 4}, {5, 5, 5}, {5, 6, 5}, {1, 1, 1}};
    struct test_memory m;
    test_memory_init(&m);
    struct cell_pool pool;
    cell_pool_init(&pool, &m.memory, STATION, 64, 100);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cell_run run = make_run(&pool, 10, cases[i].cells);
        struct cell_run head = cell_run_split(&run, cases[i].split);
        expect_run(&pool, &head, 10, cases[i].head);
        expect_run(&pool, &run, 10 + cases[i].head, cases[i].cells - cases[i].head);
    }

    cell_pool_fini(&pool);
    test_memory_fini(&m);
}

static void a_split_may_be_made_where_a_walk_has_ended(UNUSED void **state) {
    struct test_memory memory;
    struct cell_pool pool;
    test_memory_init(&memory);
    cell_pool_init(&pool, &memory.memory, 0, CELL_BODY_LEN, 100);
    for (uint32_t count = 1; count <= 5; count++) {
        struct cell_run run = {0};
        struct cell *cells[5];
        for (unsigned i = 0; i < 5; i++) {
            cells[i] = cell_pool_take(&pool, CELL_MUST);
            cell_run_append(&run, cells[i]);
        }
        struct cell_run head = cell_run_split_after(&run, cells[count - 1], count);
        assert_int_equal(head.count, count);
        assert_int_equal(run.count, 5 - count);
        assert_ptr_equal(head.last, cells[count - 1]);
        assert_null(head.last->next);
        assert_ptr_equal(run.first, count < 5 ? cells[count] : NULL);
        cell_run_concat(&head, &run);
        for (unsigned i = 0; i < 5; i++) {
            assert_ptr_equal(head.first, cells[i]);
            cell_pool_put(&pool, cell_run_shift(&head));
        }
    }
    cell_pool_fini(&pool);
    test_memory_fini(&memory);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(cell_is_fresh_and_aligned),
        cmocka_unit_test(reserve_is_for_what_must_not_fail),
        cmocka_unit_test(no_memory_is_no_cell),
        cmocka_unit_test(runs_keep_their_order),
        cmocka_unit_test(split_takes_from_the_front),
        cmocka_unit_test(a_split_may_be_made_where_a_walk_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
