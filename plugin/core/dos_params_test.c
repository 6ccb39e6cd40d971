#include "core/dos_params.h"

#include "base/attributes.h"
#include "support/test.h"

static void the_operator_wins_over_the_consensus(UNUSED void **state) {
    struct dos_params asked = dos_params_unasked, consensus = dos_params_default;
    consensus.circuit_enabled = 1;
    consensus.circuit_rate = 7;
    consensus.connection_enabled = 1;
    asked.connection_enabled = 0;
    asked.circuit_burst = 5;
    struct dos_params settled = dos_params_settled(&asked, &consensus);
    assert_int_equal(settled.circuit_enabled, 1);
    assert_int_equal(settled.circuit_rate, 7);
    assert_int_equal(settled.circuit_burst, 5);
    assert_int_equal(settled.connection_enabled, 0);
    assert_int_equal(settled.stream_rate, 100); /* nobody has said anything */
}

static void values_stay_within_their_limits(UNUSED void **state) {
    static const struct {
        int32_t said, rate, burst, defense, period;
    } cases[] = {
        {INT32_MIN, 1, 1, 1, 0},
        {0, 1, 1, 1, 0},
        {2, 2, 2, 2, 2},
        {INT32_MAX, INT32_MAX, INT32_MAX, 2, DOS_DEFENSE_PERIOD_MAX_S},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dos_params params = dos_params_default;
        params.circuit_rate = params.circuit_burst = params.circuit_defense = params.circuit_defense_s =
            cases[i].said;
        params = dos_params_clamped(&params);
        assert_int_equal(params.circuit_rate, cases[i].rate);
        assert_int_equal(params.circuit_burst, cases[i].burst);
        assert_int_equal(params.circuit_defense, cases[i].defense);
        assert_int_equal(params.circuit_defense_s, cases[i].period);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_operator_wins_over_the_consensus),
        cmocka_unit_test(values_stay_within_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
