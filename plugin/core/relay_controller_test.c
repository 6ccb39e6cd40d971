#include "core/relay_controller.h"

#include "support/controller_bench.h"

static void the_controller_sleeps_until_it_is_told_something(UNUSED void **state) {
    struct controller_bench f;
    controller_bench_init(&f);
    assert_true(controller_next_wake(f.c) == NSEC_NEVER);
    controller_tick(f.c, f.now);
    ask(&f, 1, relay_5);
    assert_true(f.woken[CONTROLLER]);
    assert_true(f.woken[1]);
    assert_false(f.woken[2]);
    assert_int_equal(controller_work(f.c)->controls_posted, 1);
    controller_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_controller_sleeps_until_it_is_told_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
