#include "base/timers.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

static void the_earliest_fires_first_and_none_before_its_time(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct timers timers;
    timers_init(&timers, &m.memory);
    struct timer early = {0}, late = {0};
    assert_true(timers_next(&timers) == NSEC_NEVER);
    assert_null(timers_take_due(&timers, NSEC_NEVER));

    assert_int_equal(timers_set(&timers, &late, 200), ERR_OK);
    assert_int_equal(timers_set(&timers, &early, 100), ERR_OK);

    assert_true(timer_is_set(&early));
    assert_int_equal(timers_next(&timers), 100);
    assert_null(timers_take_due(&timers, 99));
    assert_ptr_equal(timers_take_due(&timers, 100), &early);
    assert_false(timer_is_set(&early));
    assert_null(timers_take_due(&timers, 199));
    assert_ptr_equal(timers_take_due(&timers, 5000), &late);
    assert_true(timers_next(&timers) == NSEC_NEVER);
    timers_fini(&timers);
    test_memory_fini(&m);
}

static void equal_deadlines_fire_in_the_order_of_setting(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct timers timers;
    timers_init(&timers, &m.memory);
    struct timer t[100] = {{0}};
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(timers_set(&timers, &t[i], 10), ERR_OK);

    assert_int_equal(timers_set(&timers, &t[0], 10), ERR_OK); /* set anew: it goes to the end */

    for (unsigned i = 1; i < 100; i++)
        assert_ptr_equal(timers_take_due(&timers, 10), &t[i]);
    assert_ptr_equal(timers_take_due(&timers, 10), &t[0]);
    timers_fini(&timers);
    test_memory_fini(&m);
}

static void a_timer_can_be_moved_and_cleared(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct timers timers;
    timers_init(&timers, &m.memory);
    struct timer a = {0}, b = {0}, c = {0};
    assert_int_equal(timers_set(&timers, &a, 10), ERR_OK);
    assert_int_equal(timers_set(&timers, &b, 20), ERR_OK);
    assert_int_equal(timers_set(&timers, &c, 30), ERR_OK);

    assert_int_equal(timers_set(&timers, &a, 25), ERR_OK);
    assert_int_equal(timers_set(&timers, &c, 5), ERR_OK);
    timers_clear(&timers, &b);
    timers_clear(&timers, &b);

    assert_ptr_equal(timers_take_due(&timers, 100), &c);
    assert_ptr_equal(timers_take_due(&timers, 100), &a);
    assert_null(timers_take_due(&timers, 100));
    timers_fini(&timers);
    test_memory_fini(&m);
}

static void without_memory_a_new_timer_is_refused_and_the_others_stay(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct timers timers;
    timers_init(&timers, &m.memory);
    struct timer t[5] = {{0}};
    test_memory_fail_after(&m, 0);
    assert_int_equal(timers_set(&timers, &t[0], 1), ERR_LIMIT);
    assert_false(timer_is_set(&t[0]));
    test_memory_fail_after(&m, 1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(timers_set(&timers, &t[i], i), ERR_OK);

    assert_int_equal(timers_set(&timers, &t[4], 64), ERR_LIMIT);

    assert_false(timer_is_set(&t[4]));
    assert_int_equal(timers_set(&timers, &t[3], 0), ERR_OK); /* moving needs no room */
    test_memory_fail_after(&m, 1);
    assert_int_equal(timers_set(&timers, &t[4], 64), ERR_OK);
    timers_fini(&timers);
    for (unsigned i = 0; i < 5; i++)
        assert_false(timer_is_set(&t[i]));
    test_memory_fini(&m);
}

struct model {
    struct timer timers[200];
    uint64_t order[200]; /* when it was set; 0: not set */
    uint64_t set_count;
};

/* The first of the model by deadline, then by order of setting; NULL when nothing is set. */
static struct timer *model_first(struct model *model) {
    int first = -1;
    for (int i = 0; i < 200; i++) {
        if (model->order[i] == 0)
            continue;
        if (first < 0 || model->timers[i].at < model->timers[first].at ||
            (model->timers[i].at == model->timers[first].at && model->order[i] < model->order[first]))
            first = i;
    }
    return first < 0 ? NULL : &model->timers[first];
}

static void random_use_agrees_with_a_model(UNUSED void **state) {
    static struct model model;
    struct test_memory m;
    test_memory_init(&m);
    struct timers timers;
    timers_init(&timers, &m.memory);
    struct rng rng;
    rng_seed(&rng, 11);

    for (unsigned step = 0; step < 20000; step++) {
        uint64_t i = rng_below(&rng, 200);
        uint64_t action = rng_below(&rng, 8);
        struct timer *first = model_first(&model);
        assert_true(timers_next(&timers) == (first ? first->at : NSEC_NEVER));
        if (action < 4) {
            assert_int_equal(timers_set(&timers, &model.timers[i], rng_below(&rng, 50)), ERR_OK);
            model.order[i] = ++model.set_count;
        } else if (action < 6) {
            timers_clear(&timers, &model.timers[i]);
            model.order[i] = 0;
        } else {
            struct timer *taken = timers_take_due(&timers, 25);
            assert_ptr_equal(taken, first && first->at <= 25 ? first : NULL);
            if (taken)
                model.order[taken - model.timers] = 0;
        }
        assert_int_equal(timer_is_set(&model.timers[i]), model.order[i] != 0);
    }
    timers_fini(&timers);
    test_memory_fini(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_fires_first_and_none_before_its_time),
        cmocka_unit_test(equal_deadlines_fire_in_the_order_of_setting),
        cmocka_unit_test(a_timer_can_be_moved_and_cleared),
        cmocka_unit_test(without_memory_a_new_timer_is_refused_and_the_others_stay),
        cmocka_unit_test(random_use_agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
