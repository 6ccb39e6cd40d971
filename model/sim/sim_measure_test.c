#include "sim/sim_measure.h"

#include "support/test.h"

static void test_outcomes_have_names(void **state) {
    (void)state;
    assert_string_equal(sim_outcome_name(SIM_OUTCOME_DONE), "done");
    assert_string_equal(sim_outcome_name(SIM_OUTCOME_CIRCUIT_TIMEOUT), "circuit-timeout");
    assert_string_equal(sim_outcome_name((enum sim_outcome)99), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_outcomes_have_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
