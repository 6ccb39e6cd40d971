#include "core/mailbox.h"

#include "core/cell_pool.h"
#include "core/control.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CELLS_MAX 1000u

struct fixture {
    struct test_memory memory;
    struct cell_pool pool;
    struct mailbox box;
    struct work work;
    uint32_t cell_next;
    uint32_t control_next;
};

static void set_up(struct fixture *f, uint32_t slots) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    cell_pool_init(&f->pool, &f->memory.memory, 0, 16, CELLS_MAX);
    assert_true(mailbox_init(&f->box, &f->memory.memory, slots));
}

static void tear_down(struct fixture *f) {
    mailbox_fini(&f->box, &f->memory.memory);
    assert_int_equal(f->pool.slab.taken, 0);
    cell_pool_fini(&f->pool);
    test_memory_fini(&f->memory);
}

static void post_cells(struct fixture *f, enum lane lane, uint32_t count) {
    struct cell_run run = {0};
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_pool_take(&f->pool, CELL_MUST);
        assert_non_null(cell);
        cell->circ_id = f->cell_next++;
        cell_run_append(&run, cell);
    }
    mailbox_post(&f->box, lane, (struct chain){.first = run.first, .last = run.last, .count = run.count});
}

/* A tray with nothing else on it, for each cell. */
static void post_trays(struct fixture *f, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_pool_take(&f->pool, CELL_MUST);
        assert_non_null(cell);
        struct slab_tray *tray = cell_pool_tray_of(&f->pool, cell);
        mailbox_post(&f->box, LANE_RETURNED, (struct chain){.first = tray, .last = tray, .count = 1});
    }
}

static void post_control(struct fixture *f) {
    struct control *message = control_new(&f->memory.memory, CONTROL_DESTROY);
    assert_non_null(message);
    message->count = f->control_next++;
    mailbox_post(&f->box, LANE_CONTROL, (struct chain){.first = message, .last = message, .count = 1});
}

/* The chain has count cells, numbered from first on; they go back to the pool. */
static void expect_cells(struct fixture *f, struct chain chain, uint32_t first, uint32_t count) {
    struct cell_run run = {.first = chain.first, .last = chain.last, .count = chain.count};
    assert_int_equal(run.count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct cell *cell = cell_run_shift(&run);
        assert_int_equal(cell->circ_id, first + i);
        cell_pool_put(&f->pool, cell);
    }
    assert_true(cell_run_is_empty(&run));
}

static void expect_controls(struct fixture *f, struct chain chain, uint32_t first, uint32_t count) {
    struct control *message = chain.first;
    assert_int_equal(chain.count, count);
    for (uint32_t i = 0; i < count; i++) {
        struct control *next = message->next;
        assert_int_equal(message->count, first + i);
        control_free(&f->memory.memory, message);
        message = next;
    }
    assert_null(message);
}

static const uint32_t carriers[] = {0, 1, 4}; /* slots; 0: one thread */

static void nothing_is_seen_before_it_is_published(UNUSED void **state) {
    for (size_t i = 0; i < COUNT(carriers); i++) {
        struct fixture f;
        set_up(&f, carriers[i]);
        struct chain cells = {0};
        struct chain controls = {0};
        post_cells(&f, LANE_CELLS, 3);
        post_control(&f);
        post_control(&f);

        mailbox_begin(&f.box);
        assert_false(mailbox_take(&f.box, LANE_CONTROL, &controls));
        assert_false(mailbox_take_cells(&f.box, 10, &cells));
        struct mailbox_published published = mailbox_publish(&f.box, &f.work);
        assert_true(published.news);
        assert_false(published.returned);
        assert_false(mailbox_has_pending(&f.box));
        assert_int_equal(f.work.mailbox_flushes, 2);
        mailbox_begin(&f.box);
        assert_true(mailbox_take(&f.box, LANE_CONTROL, &controls));
        assert_true(mailbox_take_cells(&f.box, 10, &cells));

        assert_false(mailbox_has_cells(&f.box));
        assert_false(mailbox_sender_waits(&f.box));
        expect_controls(&f, controls, 0, 2);
        expect_cells(&f, cells, 0, 3);
        tear_down(&f);
    }
}

static void cells_wait_for_begin(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 4);
    struct chain cells = {0};
    mailbox_begin(&f.box);
    post_control(&f);
    post_cells(&f, LANE_CELLS, 3);
    (void)mailbox_publish(&f.box, &f.work);

    assert_false(mailbox_has_cells(&f.box));
    assert_false(mailbox_take_cells(&f.box, 10, &cells));
    mailbox_begin(&f.box);
    assert_true(mailbox_take_cells(&f.box, 10, &cells));

    expect_cells(&f, cells, 0, 3);
    tear_down(&f); /* frees the control message, which is still inside */
}

static void full_ring_keeps_the_rest_and_asks_for_a_wake(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 2);
    struct chain cells = {0};
    for (unsigned i = 0; i < 5; i++) {
        post_cells(&f, LANE_CELLS, 10);
        struct mailbox_published published = mailbox_publish(&f.box, &f.work);
        assert_int_equal(published.news, i < 2);
        assert_int_equal(mailbox_has_pending(&f.box), i >= 2);
    }

    mailbox_begin(&f.box);
    assert_true(mailbox_take_cells(&f.box, 1, &cells));
    assert_true(mailbox_sender_waits(&f.box));
    assert_false(mailbox_sender_waits(&f.box));
    assert_true(mailbox_has_cells(&f.box));
    assert_true(mailbox_publish(&f.box, &f.work).news); /* three chains have become one */
    mailbox_begin(&f.box);
    assert_true(mailbox_take_cells(&f.box, 40, &cells));

    expect_cells(&f, cells, 0, 50);
    tear_down(&f);
}

static void cells_stay_behind_controls_that_found_no_room(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 1);
    struct chain cells = {0};
    struct chain controls = {0};
    post_control(&f);
    assert_true(mailbox_publish(&f.box, &f.work).news);
    post_control(&f);
    post_cells(&f, LANE_CELLS, 3);
    post_trays(&f, 2);

    struct mailbox_published published = mailbox_publish(&f.box, &f.work);
    assert_false(published.news);
    assert_true(published.returned);
    mailbox_begin(&f.box);
    assert_false(mailbox_has_cells(&f.box));
    assert_true(mailbox_take(&f.box, LANE_CONTROL, &controls));
    assert_true(mailbox_sender_waits(&f.box));
    assert_true(mailbox_publish(&f.box, &f.work).news);
    mailbox_begin(&f.box);
    assert_true(mailbox_take(&f.box, LANE_CONTROL, &controls));
    assert_true(mailbox_take_cells(&f.box, 10, &cells));

    expect_controls(&f, controls, 0, 2);
    expect_cells(&f, cells, 0, 3);
    struct chain returned = {0};
    assert_true(mailbox_take(&f.box, LANE_RETURNED, &returned));
    assert_int_equal(cell_pool_put_trays(&f.pool, returned.first), 2);
    tear_down(&f);
}

static void bound_counts_from_post_to_take(UNUSED void **state) {
    for (size_t i = 0; i < COUNT(carriers); i++) {
        struct fixture f;
        set_up(&f, carriers[i]);
        struct chain cells = {0};
        post_cells(&f, LANE_CELLS, 9);
        assert_false(mailbox_is_over(&f.box, 10));
        assert_false(mailbox_waits_while_over(&f.box, 10));
        post_cells(&f, LANE_CELLS, 1);
        assert_true(mailbox_is_over(&f.box, 10));
        (void)mailbox_publish(&f.box, &f.work);
        assert_true(mailbox_waits_while_over(&f.box, 10));

        mailbox_begin(&f.box);
        assert_true(
            mailbox_take_cells(&f.box, 1, &cells)); /* one of one thread's list, all of a ring's chain */
        assert_true(mailbox_sender_waits(&f.box));
        assert_false(mailbox_waits_while_over(&f.box, 10));
        assert_int_equal(mailbox_has_cells(&f.box), carriers[i] == 0);
        if (mailbox_has_cells(&f.box))
            assert_true(mailbox_take_cells(&f.box, 10, &cells));

        expect_cells(&f, cells, 0, 10);
        tear_down(&f);
    }
}

static void no_memory_no_mailbox(UNUSED void **state) {
    for (uint32_t allocations = 0; allocations < 4; allocations++) {
        struct test_memory m;
        test_memory_init(&m);
        test_memory_fail_after(&m, allocations);
        struct mailbox box = {0};
        assert_false(mailbox_init(&box, &m.memory, 4));
        mailbox_fini(&box, &m.memory);
        test_memory_fini(&m);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_seen_before_it_is_published),
        cmocka_unit_test(cells_wait_for_begin),
        cmocka_unit_test(full_ring_keeps_the_rest_and_asks_for_a_wake),
        cmocka_unit_test(cells_stay_behind_controls_that_found_no_room),
        cmocka_unit_test(bound_counts_from_post_to_take),
        cmocka_unit_test(no_memory_no_mailbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
