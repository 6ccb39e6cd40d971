/* The pool alone: who is lent how much, and when. */
#include "core/bandwidth_pool.h"

#include "support/test.h"
#include "support/test_memory.h"

#define S     NSEC_PER_S
#define MS    NSEC_PER_MS
#define PIECE 10000u
#define KEEP  1000u

/* 1 MB/s, a burst of 100 kB, three managers. */
static const struct bandwidth_terms terms = {
    .rate = 1000000, .burst = 100000, .keep = KEEP, .piece = PIECE, .managers = 3, .is_lent = true};

struct fixture {
    struct test_memory memory;
    struct bandwidth_pool pool;
};

static void set_up(struct fixture *f) {
    test_memory_init(&f->memory);
    assert_true(bandwidth_pool_init(&f->pool, &f->memory.memory, 0, &terms));
}

static void tear_down(struct fixture *f) {
    bandwidth_pool_fini(&f->pool);
    test_memory_fini(&f->memory);
}

static void assert_loans(const struct fixture *f, uint64_t a, uint64_t b, uint64_t c) {
    assert_int_equal(bandwidth_pool_loan(&f->pool, 0), a);
    assert_int_equal(bandwidth_pool_loan(&f->pool, 1), b);
    assert_int_equal(bandwidth_pool_loan(&f->pool, 2), c);
}

static void nobody_wants_anything(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    assert_true(bandwidth_pool_next(&f.pool) == NSEC_NEVER);
    bandwidth_pool_report(&f.pool, S, 1, KEEP, 0, 0);
    assert_true(bandwidth_pool_next(&f.pool) == NSEC_NEVER);
    tear_down(&f);
}

/* All but what the others keep, at once. */
static void the_burst_is_for_whoever_wants_it(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    bandwidth_pool_report(&f.pool, S, 1, 0, 0, 100000 - 3 * KEEP);
    assert_true(bandwidth_pool_next(&f.pool) == S);
    bandwidth_pool_divide(&f.pool, S);
    assert_loans(&f, 0, 100000 - 3 * KEEP, 0);
    assert_true(bandwidth_pool_next(&f.pool) == NSEC_NEVER);
    tear_down(&f);
}

static void what_one_does_not_want_the_others_get(UNUSED void **state) {
    static const struct {
        uint64_t wants[3], loans[3];
    } cases[] = {
        {{1000000, 1000000, 1000000}, {32333, 32333, 32333}},
        {{1000000, 0, 1000000}, {48500, 0, 48500}},
        {{1000000, 17000, 1000000}, {40000, 17000, 40000}},
        {{1000000, 17000, 30000}, {50000, 17000, 30000}},
        {{5000, 4000, 3000}, {5000, 4000, 3000}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        for (uint16_t who = 0; who < 3; who++)
            bandwidth_pool_report(&f.pool, 0, who, 0, 0, cases[i].wants[who]);
        bandwidth_pool_divide(&f.pool, bandwidth_pool_next(&f.pool));
        assert_loans(&f, cases[i].loans[0], cases[i].loans[1], cases[i].loans[2]);
        tear_down(&f);
    }
}

/* Use up everything: a borrower that has sent it all. */
static void empty(struct fixture *f, nsec now) {
    bandwidth_pool_report(&f->pool, now, 0, 0, 0, 100000 - 3 * KEEP);
    bandwidth_pool_divide(&f->pool, now);
    bandwidth_pool_report(&f->pool, now, 0, 100000 - 2 * KEEP, 0, 0);
    assert_true(bandwidth_pool_next(&f->pool) == NSEC_NEVER);
}

static void fewer_pieces_than_borrowers_go_in_turn(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    empty(&f, S);
    for (uint16_t who = 0; who < 3; who++)
        bandwidth_pool_report(&f.pool, S, who, 0, 0, 100000);
    nsec at = S;
    for (unsigned i = 0; i < 6; i++) { /* a piece takes a tick */
        at += 10 * MS;
        assert_true(bandwidth_pool_next(&f.pool) == at);
        bandwidth_pool_divide(&f.pool, at);
        assert_loans(&f, i % 3 == 0 ? PIECE : 0, i % 3 == 1 ? PIECE : 0, i % 3 == 2 ? PIECE : 0);
    }
    tear_down(&f);
}

static void what_comes_in_is_divided_after_each_tick(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    empty(&f, S);
    bandwidth_pool_report(&f.pool, S + 95 * MS, 0, 0, 0, 1000000);
    bandwidth_pool_report(&f.pool, S + 95 * MS, 1, 0, 0, 1000000);
    assert_true(bandwidth_pool_next(&f.pool) <= S + 95 * MS);
    bandwidth_pool_divide(&f.pool, S + 95 * MS);
    assert_loans(&f, 47500, 47500, 0);
    assert_true(bandwidth_pool_next(&f.pool) == S + 105 * MS);
    bandwidth_pool_report(&f.pool, S + 97 * MS, 0, 47500, 0, 1000000);
    bandwidth_pool_report(&f.pool, S + 97 * MS, 1, 47500, 0, 1000000);
    bandwidth_pool_divide(&f.pool, S + 125 * MS); /* late: nothing is lost by it */
    assert_loans(&f, 15000, 15000, 0);
    tear_down(&f);
}

static void what_is_returned_is_lent_again(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    bandwidth_pool_report(&f.pool, 0, 0, 0, 0, 97000);
    bandwidth_pool_divide(&f.pool, 0);
    bandwidth_pool_report(&f.pool, 0, 1, 0, 0, 50000);
    assert_true(bandwidth_pool_next(&f.pool) > 0);
    bandwidth_pool_report(&f.pool, 0, 0, 7000, 90000, 0);
    assert_true(bandwidth_pool_next(&f.pool) == 0);
    bandwidth_pool_divide(&f.pool, 0);
    assert_loans(&f, 0, 50000, 0);
    tear_down(&f);
}

static void a_loan_that_cannot_be_told_is_tried_again(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    bandwidth_pool_report(&f.pool, 0, 2, 0, 0, 30000);
    bandwidth_pool_divide(&f.pool, 0);
    assert_loans(&f, 0, 0, 30000);
    bandwidth_pool_take_back(&f.pool, 0, 2);
    assert_true(bandwidth_pool_next(&f.pool) == BANDWIDTH_TICK);
    bandwidth_pool_divide(&f.pool, BANDWIDTH_TICK);
    assert_loans(&f, 0, 0, 30000);
    bandwidth_pool_report(&f.pool, S, 2, 30000 + KEEP, 0, 0);
    tear_down(&f);
}

static void without_memory_there_is_no_pool(UNUSED void **state) {
    struct bandwidth_terms own = terms;
    struct fixture f;
    test_memory_init(&f.memory);
    test_memory_fail_after(&f.memory, 0);
    assert_false(bandwidth_pool_init(&f.pool, &f.memory.memory, 0, &terms));
    bandwidth_pool_fini(&f.pool);
    own.is_lent = false; /* it needs none */
    assert_true(bandwidth_pool_init(&f.pool, &f.memory.memory, 0, &own));
    assert_true(bandwidth_pool_next(&f.pool) == NSEC_NEVER);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_wants_anything),
        cmocka_unit_test(the_burst_is_for_whoever_wants_it),
        cmocka_unit_test(what_one_does_not_want_the_others_get),
        cmocka_unit_test(fewer_pieces_than_borrowers_go_in_turn),
        cmocka_unit_test(what_comes_in_is_divided_after_each_tick),
        cmocka_unit_test(what_is_returned_is_lent_again),
        cmocka_unit_test(a_loan_that_cannot_be_told_is_tried_again),
        cmocka_unit_test(without_memory_there_is_no_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
