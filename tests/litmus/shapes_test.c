/* Each shape has exactly the outcomes that C11 allows (without load buffering), and plain data without order is found. */
#include "litmus/shapes.h"

#include "litmus/explorer.h"
#include "support/test.h"

static void shapes_have_the_outcomes_of_the_model(UNUSED void **state) {
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct exploration e;
        explore(&shapes[i].program, 1000000, &e);
        print_message("%-20s %6llu executions, outcomes %llx%s%s\n", shapes[i].program.name,
                      (unsigned long long)e.executions, (unsigned long long)e.outcomes, e.failure ? ", " : "",
                      e.failure ? e.failure : "");
        assert_int_equal(e.failure != NULL, shapes[i].fails);
        if (e.failure)
            continue;
        assert_true(e.is_exhausted);
        assert_int_equal(e.outcomes, shapes[i].outcomes);
    }
}

/* What is left out is nothing but repetition. */
static void the_short_search_finds_what_the_long_one_does(UNUSED void **state) {
    for (size_t i = 0; i < COUNT(shapes); i++) {
        struct exploration e, naive;
        explore(&shapes[i].program, 1000000, &e);
        explore_naively(&shapes[i].program, 1000000, &naive);
        assert_int_equal(naive.failure != NULL, shapes[i].fails);
        if (shapes[i].fails)
            continue;
        assert_true(naive.is_exhausted);
        assert_int_equal(naive.outcomes, e.outcomes);
        assert_true(naive.executions >= e.executions);
    }
}

static void a_bound_that_is_too_small_is_said(UNUSED void **state) {
    struct exploration e;
    explore(&shapes[0].program, 2, &e);
    assert_int_equal(e.executions, 2);
    assert_null(e.failure);
    assert_false(e.is_exhausted);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_have_the_outcomes_of_the_model),
        cmocka_unit_test(the_short_search_finds_what_the_long_one_does),
        cmocka_unit_test(a_bound_that_is_too_small_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
