#include "cost/mapping.h"

#include "support/test.h"

static void names_are_those_of_scenarios(void **state) {
    (void)state;
    assert_string_equal(cost_mapping_name(COST_VANILLA), "vanilla");
    assert_string_equal(cost_mapping_name(COST_POC), "poc");
    assert_string_equal(cost_mapping_name(COST_FULL), "full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
