#include "core/cell_trail.h"

#include "support/test.h"
#include "support/test_memory.h"

#define CELLS 20u

static struct cell_run make_run(struct cell_pool *pool, struct cell **cells, uint32_t count) {
    struct cell_run run = {0};
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = cell_pool_take(pool, CELL_MUST);
        cell_run_append(&run, cells[i]);
    }
    return run;
}

static void expect_ahead(struct cell *const *cells, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        assert_ptr_equal(cells[i]->ahead, i + CELL_TRAIL_LEN < count ? cells[i + CELL_TRAIL_LEN] : NULL);
}

static void put_all(struct cell_pool *pool, struct cell **cells) {
    for (uint32_t i = 0; i < CELLS; i++)
        cell_pool_put(pool, cells[i]);
    cell_pool_fini(pool);
}

static void chains_are_one_trail_until_they_are_published(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct cell_pool pool;
    struct cell *cells[CELLS];
    cell_pool_init(&pool, &m.memory, 0, 509, 100);
    struct cell_trail trail = {.count = 0};

    struct cell_run first = make_run(&pool, cells, 3), second = make_run(&pool, cells + 3, 11);
    cell_trail_add(&trail, first.first);
    cell_trail_add(&trail, second.first);
    expect_ahead(cells, 14);

    cell_trail_reset(&trail);
    struct cell_run third = make_run(&pool, cells + 14, CELLS - 14);
    cell_trail_add(&trail, third.first);
    expect_ahead(cells, 14);
    expect_ahead(cells + 14, CELLS - 14);

    put_all(&pool, cells);
}

/* Cells of another way say nothing of this one. */
static void a_cell_forgets_where_it_was_before(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct cell_pool pool;
    struct cell *cells[CELLS];
    cell_pool_init(&pool, &m.memory, 0, 509, 100);
    struct cell_trail there = {.count = 0}, back = {.count = 0};

    struct cell_run run = make_run(&pool, cells, CELLS);
    cell_trail_add(&there, run.first);
    cells[2]->next = NULL;
    cell_trail_add(&back, cells[0]);
    expect_ahead(cells, 3);

    put_all(&pool, cells);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_are_one_trail_until_they_are_published),
        cmocka_unit_test(a_cell_forgets_where_it_was_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
