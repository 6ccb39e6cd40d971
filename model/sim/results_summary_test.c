#include "sim/results_summary.h"

#include <math.h>

#include "sim/results_small.h"
#include "support/test.h"

static void assert_value(const struct results_summary *summary, const char *key, double value) {
    const struct results_quantity *q = results_summary_find(summary, key);
    if (!q)
        fail_msg("no %s", key);
    else if (!q->is_there || fabs(q->value - value) > 1e-9 * (1 + fabs(value)))
        fail_msg("%s is %.12g, expected %.12g", key, q->value, value);
}

static void only_what_was_measured(void **state) {
    (void)state;
    struct small_run run;
    struct results_summary s;
    small_run_init(&run);
    const struct results_source source = small_run_source(&run);
    assert_true(results_summary_make(&source, &s));
    assert_value(&s, "first_byte.51200.0.5", 0.1);
    assert_value(&s, "last_byte.51200.0.95", 0.2);
    assert_value(&s, "first_byte.1048576.0.5", 0.3);
    assert_false(results_summary_find(&s, "last_byte.1048576.0.5")->is_there);
    assert_value(&s, "goodput", 51200 * 8 / 0.1 / 1e6);
    assert_false(results_summary_find(&s, "fairness")->is_there); /* of one host */
    assert_value(&s, "build", 0.07);
    assert_value(&s, "failed", 50);
    assert_int_equal(s.outcomes[SIM_OUTCOME_DONE], 1);
    assert_int_equal(s.outcomes[SIM_OUTCOME_TIMEOUT], 1);
    assert_null(results_summary_find(&s, "first_byte.100.0.5"));
    results_summary_fini(&s);
    small_run_fini(&run);
}

static void relays_by_class(void **state) {
    (void)state;
    struct small_run run;
    struct results_summary s;
    small_run_init(&run);
    const struct results_source source = small_run_source(&run);
    assert_true(results_summary_make(&source, &s));
    assert_value(&s, "written", 2 * 1000 * 8 / 0.1 / 1e9);
    assert_value(&s, "busiest.slow", 50); /* one of two seconds */
    assert_value(&s, "busiest.fast", 5);
    assert_value(&s, "busiest.all relays", 27.5);
    assert_value(&s, "cores.fast", 101.0 / 8000 * 100); /* with its CPU worker */
    assert_value(&s, "bound.slow", 50);
    assert_value(&s, "bound.all relays", 25);
    assert_value(&s, "delay.slow", 2);
    assert_value(&s, "late.slow", 3e-6); /* 3 of the 4 inputs of 2 to 4 ns */
    assert_int_equal(s.relay_ns, 4 * NSEC_PER_S);
    assert_int_equal(s.cpu_bound_ns, NSEC_PER_S);
    results_summary_fini(&s);
    small_run_fini(&run);
}

static void as_json(void **state) {
    (void)state;
    struct small_run run;
    struct results_summary s;
    small_run_init(&run);
    const struct results_source source = small_run_source(&run);
    assert_true(results_summary_make(&source, &s));
    json_t *json = results_summary_json(&source, &s);
    assert_string_equal(json_string_value(json_object_get(json, "prices")), "no CPU model");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(json, "totals"), "cells_relayed")),
                     120);
    assert_int_equal(json_array_size(json_object_get(json, "quantities")), s.count);
    json_decref(json);
    results_summary_fini(&s);
    small_run_fini(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_was_measured),
        cmocka_unit_test(relays_by_class),
        cmocka_unit_test(as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
