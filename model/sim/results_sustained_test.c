#include "sim/results_sustained.h"

#include "sim/results_small.h"
#include "support/test.h"

/* The warm-up is a second; samples are of 100 ms, so there are twenty of them after it. */
static void set_up(struct small_run *run, uint64_t skip_s, uint64_t window_s) {
    small_run_init(run);
    struct scenario *s = &run->inputs.scenario;
    struct scenario_relay *relays = s->network.inline_relays.items;
    relays[0].name = "target";
    s->outputs.sustained = "target";
    s->outputs.sustained_skip_s = skip_s;
    s->outputs.sustained_window_s = window_s;
}

static void the_best_window_counts(void **state) {
    (void)state;
    struct small_run run;
    set_up(&run, 0, 1);
    run.samples[0][9].bytes_written = 1000000; /* in the warm-up */
    run.samples[0][15].bytes_written = 5000;   /* this and the next are in one window */
    run.samples[0][24].bytes_written = 3000;
    run.samples[0][29].bytes_read = 100000; /* windows of their own */
    const struct results_source source = small_run_source(&run);
    struct results_sustained value = results_sustained(&source);
    assert_true(value.is_there);
    assert_true(value.relayed_mbit == (8 * 1000 + 5000 + 3000) * 8 / 1e6);
    assert_true(value.both_mbit == (100000 + 9 * 1000 + 3000) * 8 / 1e6);
    small_run_fini(&run);
}

static void what_is_skipped_is_not_counted(void **state) {
    (void)state;
    struct small_run run;
    set_up(&run, 1, 1);
    run.samples[0][19].bytes_written = 1000000;
    const struct results_source source = small_run_source(&run);
    struct results_sustained value = results_sustained(&source);
    assert_true(value.is_there);
    assert_true(value.relayed_mbit == 10 * 1000 * 8 / 1e6);
    small_run_fini(&run);
}

static void a_run_that_is_too_short_has_none(void **state) {
    (void)state;
    struct small_run run;
    set_up(&run, 1, 2);
    const struct results_source source = small_run_source(&run);
    assert_false(results_sustained(&source).is_there);
    small_run_fini(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_window_counts),
        cmocka_unit_test(what_is_skipped_is_not_counted),
        cmocka_unit_test(a_run_that_is_too_short_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
