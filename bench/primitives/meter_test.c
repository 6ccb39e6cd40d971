/* No timing: that every primitive there is runs, that what this machine cannot do is said, and the arithmetic of figures. */
#include "primitives/meter.h"

#include <stdlib.h>
#include <string.h>

#include "primitives/partner.h"
#include "support/test.h"

static void figures_are_of_the_values_in_order(UNUSED void **state) {
    double values[] = {5, 1, 4, 2, 3}, one[] = {7};
    struct meter_figure f = meter_figure_of(values, COUNT(values));
    assert_true(f.least == 1 && f.lower == 2 && f.median == 3 && f.upper == 4);
    f = meter_figure_of(one, 1);
    assert_true(f.least == 7 && f.lower == 7 && f.median == 7 && f.upper == 7);
}

static void every_primitive_is_measured_or_says_why_not(UNUSED void **state) {
    const struct meter_options options = {.length = 1, .batch = 1, .is_quiet = true};
    struct meter_yardstick yardstick;
    size_t count;
    struct meter_result *results = meter_run(&options, &yardstick, &count);
    assert_int_equal(count, primitives_count());
    for (size_t i = 0; i < count; i++) {
        const struct meter_result *r = &results[i];
        assert_ptr_equal(r->primitive, primitives_at(i));
        if (r->missing)
            assert_string_equal(r->missing, "it takes two cores");
        else
            assert_true(r->batches >= 1 && r->raw.least >= 0 && r->raw.least <= r->raw.median);
    }
    assert_true(yardstick.readings > 0);
    assert_true(yardstick.total_best > 0 && yardstick.total_best <= yardstick.total_median);
    free(results);
}

static void only_those_that_are_asked_for(UNUSED void **state) {
    const struct meter_options options = {.length = 1, .batch = 1, .only = "seal", .is_quiet = true};
    struct meter_yardstick yardstick;
    size_t count;
    struct meter_result *results = meter_run(&options, &yardstick, &count);
    assert_int_equal(count, 9); /* three suites, three lengths */
    for (size_t i = 0; i < count; i++)
        assert_string_equal(results[i].primitive->name, "seal");
    free(results);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_of_the_values_in_order),
        cmocka_unit_test(every_primitive_is_measured_or_says_why_not),
        cmocka_unit_test(only_those_that_are_asked_for),
    };
    partner_pin_caller();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
