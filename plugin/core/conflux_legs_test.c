/* Order of what comes on several legs, and the choice among them. */
#include "core/conflux_legs.h"

#include "support/test.h"
#include "support/test_memory.h"

struct fixture {
    struct test_memory memory;
    struct cell_pool pool;
    struct conflux_legs legs;
};

static void set_up(struct fixture *f) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    cell_pool_init(&f->pool, &f->memory.memory, 0, CELL_BODY_LEN, CONFLUX_WAITING_MAX + 100);
}

static void tear_down(struct fixture *f) {
    struct cell *cell;
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++)
        while ((cell = cell_run_shift(&f->legs.legs[i].waiting)) != NULL)
            cell_pool_put(&f->pool, cell);
    cell_pool_fini(&f->pool);
    test_memory_fini(&f->memory);
}

static struct conflux_leg *join(struct fixture *f, half_id half, enum conflux_wish wish) {
    return conflux_legs_join(&f->legs, half, &(struct conflux_link_message){.wish = (uint8_t)wish});
}

static enum err come(struct fixture *f, struct conflux_leg *leg, uint32_t number) {
    struct cell *cell = cell_pool_take(&f->pool, CELL_MUST);
    assert_non_null(cell);
    cell->serial = number;
    enum err e = conflux_legs_received(&f->legs, leg, cell);
    if (e)
        cell_pool_put(&f->pool, cell);
    return e;
}

static void expect(struct fixture *f, uint32_t number) {
    struct cell *cell = conflux_legs_next(&f->legs);
    assert_non_null(cell);
    assert_int_equal(cell->serial, number);
    cell_pool_put(&f->pool, cell);
}

static void messages_are_given_out_in_order(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct conflux_leg *a = join(&f, 11, CONFLUX_NO_WISH), *b = join(&f, 22, CONFLUX_NO_WISH);
    assert_int_equal(come(&f, a, 1), ERR_OK);
    expect(&f, 1);
    assert_int_equal(come(&f, b, 3), ERR_OK);
    assert_int_equal(come(&f, b, 4), ERR_OK);
    assert_null(conflux_legs_next(&f.legs));
    assert_int_equal(come(&f, a, 2), ERR_OK);
    assert_int_equal(come(&f, a, 5), ERR_OK);
    for (uint32_t n = 2; n <= 5; n++)
        expect(&f, n);
    assert_null(conflux_legs_next(&f.legs));
    assert_int_equal(f.legs.waiting, 0);
    tear_down(&f);
}

static void numbers_do_not_come_twice(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct conflux_leg *a = join(&f, 11, CONFLUX_NO_WISH), *b = join(&f, 22, CONFLUX_NO_WISH);
    assert_int_equal(come(&f, a, 1), ERR_OK);
    expect(&f, 1);
    assert_int_equal(come(&f, b, 1), ERR_PROTOCOL); /* given out already */
    assert_int_equal(come(&f, a, 1), ERR_PROTOCOL);
    assert_int_equal(come(&f, b, 5), ERR_OK);
    assert_int_equal(come(&f, b, 5), ERR_PROTOCOL);
    tear_down(&f);
}

static void numbers_wrap_in_cells_only(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    const uint64_t start = UINT64_C(0x2fffffffe);
    struct conflux_leg *a =
        conflux_legs_join(&f.legs, 11, &(struct conflux_link_message){.last_sent = start});
    f.legs.given = start;
    for (uint64_t n = start + 1; n < start + 6; n++) {
        assert_int_equal(come(&f, a, (uint32_t)n), ERR_OK);
        expect(&f, (uint32_t)n);
        assert_true(f.legs.given == n);
    }
    tear_down(&f);
}

static void there_is_a_bound(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct conflux_leg *a = join(&f, 11, CONFLUX_NO_WISH);
    for (uint32_t n = 0; n < CONFLUX_WAITING_MAX; n++)
        assert_int_equal(come(&f, a, n + 2), ERR_OK);
    assert_int_equal(come(&f, a, CONFLUX_WAITING_MAX + 2), ERR_LIMIT);
    tear_down(&f);
    set_up(&f);
    for (half_id half = 1; half <= CONFLUX_LEGS_MAX; half++)
        assert_non_null(join(&f, half, CONFLUX_NO_WISH));
    assert_null(join(&f, 99, CONFLUX_NO_WISH));
    conflux_legs_leave(&f.legs, conflux_legs_by_half(&f.legs, 3));
    struct conflux_leg *late = join(&f, 99, CONFLUX_NO_WISH);
    assert_int_equal(late->number, CONFLUX_LEGS_MAX + 1); /* never one that was used */
    assert_ptr_equal(conflux_legs_by_number(&f.legs, late->number), late);
    assert_null(conflux_legs_by_number(&f.legs, 3));
    tear_down(&f);
}

static void the_wish_and_the_windows_choose(UNUSED void **state) {
    static const struct {
        enum conflux_wish wish;
        uint32_t allowed[2];
        nsec rtt[2];
        int chosen; /* -1: none */
    } rows[] = {
        {CONFLUX_HIGH_THROUGHPUT, {10, 10}, {5, 9}, 0}, {CONFLUX_HIGH_THROUGHPUT, {10, 10}, {9, 5}, 1},
        {CONFLUX_HIGH_THROUGHPUT, {0, 10}, {5, 9}, 1},  {CONFLUX_HIGH_THROUGHPUT, {0, 0}, {5, 9}, -1},
        {CONFLUX_HIGH_THROUGHPUT, {10, 10}, {0, 9}, 1}, /* not measured: last */
        {CONFLUX_HIGH_THROUGHPUT, {10, 10}, {0, 0}, 0}, {CONFLUX_MIN_LATENCY, {10, 10}, {9, 5}, 1},
        {CONFLUX_MIN_LATENCY, {10, 0}, {9, 5}, -1}, /* only the nearest will do */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct fixture f;
        set_up(&f);
        for (unsigned k = 0; k < 2; k++) {
            struct conflux_leg *leg = join(&f, k + 1, rows[i].wish);
            leg->data_allowed = rows[i].allowed[k];
            leg->rtt = rows[i].rtt[k];
        }
        struct conflux_leg *leg = conflux_legs_with_room(&f.legs);
        assert_int_equal(leg ? (int)leg->half - 1 : -1, rows[i].chosen);
        assert_non_null(conflux_legs_any(&f.legs));
        tear_down(&f);
    }
}

static void a_switch_says_what_went_on_others(UNUSED void **state) {
    struct fixture f;
    uint32_t skipped;
    set_up(&f);
    struct conflux_leg *a = join(&f, 11, CONFLUX_NO_WISH), *b = join(&f, 22, CONFLUX_NO_WISH);
    a->data_allowed = b->data_allowed = 100;
    assert_false(conflux_legs_send(&f.legs, a, false, &skipped));
    for (unsigned i = 0; i < 9; i++)
        assert_false(conflux_legs_send(&f.legs, a, true, &skipped));
    assert_int_equal(a->data_sent, 9);
    assert_true(conflux_legs_send(&f.legs, b, true, &skipped));
    assert_int_equal(skipped, 10);
    assert_false(conflux_legs_send(&f.legs, b, true, &skipped));
    assert_true(conflux_legs_send(&f.legs, a, true, &skipped));
    assert_int_equal(skipped, 2);
    assert_true(f.legs.sent == 13);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_given_out_in_order),
        cmocka_unit_test(numbers_do_not_come_twice),
        cmocka_unit_test(numbers_wrap_in_cells_only),
        cmocka_unit_test(there_is_a_bound),
        cmocka_unit_test(the_wish_and_the_windows_choose),
        cmocka_unit_test(a_switch_says_what_went_on_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
