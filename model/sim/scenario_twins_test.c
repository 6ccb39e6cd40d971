#include "sim/scenario_twins.h"

#include <stddef.h>
#include <string.h>

#include "support/test.h"

static const struct scenario_arm arm = {
    .name = "a", .relays = "target", .percent = 100, .threads = 4, .architecture = COST_FULL, .goes_on = 1};

static struct scenario_arm with(uint64_t architecture, uint64_t threads) {
    struct scenario_arm out = arm;
    out.architecture = architecture;
    out.threads = threads;
    return out;
}

static void without_threads_there_is_one_architecture(void **state) {
    (void)state;
    const struct scenario_arm vanilla = with(COST_VANILLA, 4), poc = with(COST_POC, 0),
                              full = with(COST_FULL, 0);
    assert_int_equal(scenario_arm_threads(&vanilla), 0);
    assert_int_equal(scenario_arm_mapping(&poc), COST_VANILLA);
    assert_true(scenario_arms_are_twins(&vanilla, &poc));
    assert_true(scenario_arms_are_twins(&poc, &full));
    const struct scenario_arm poc_4 = with(COST_POC, 4), poc_1 = with(COST_POC, 1);
    assert_int_equal(scenario_arm_mapping(&poc_4), COST_POC);
    assert_false(scenario_arms_are_twins(&poc_4, &arm));
    assert_false(scenario_arms_are_twins(&poc_4, &poc_1));
    assert_false(scenario_arms_are_twins(&poc_4, &poc));
}

static void a_name_makes_no_difference_and_all_else_does(void **state) {
    (void)state;
    static const size_t numbers[] = {
        offsetof(struct scenario_arm, percent),   offsetof(struct scenario_arm, order),
        offsetof(struct scenario_arm, threads),   offsetof(struct scenario_arm, architecture),
        offsetof(struct scenario_arm, balancing), offsetof(struct scenario_arm, prices),
        offsetof(struct scenario_arm, behaviour), offsetof(struct scenario_arm, goes_on),
        offsetof(struct scenario_arm, has_probes)};
    const struct setting *at = (const void *)&numbers;
    struct scenario_arm other = arm;
    char relays[] = "target"; /* the same text at another place */
    other.name = "b";
    other.at = at;
    other.relays = relays;
    assert_true(scenario_arms_are_twins(&arm, &other));
    other.relays = "entry";
    assert_false(scenario_arms_are_twins(&arm, &other));
    other.relays = NULL;
    assert_false(scenario_arms_are_twins(&arm, &other));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        other = arm;
        ++*(uint64_t *)(void *)((char *)&other + numbers[i]);
        assert_false(scenario_arms_are_twins(&arm, &other));
    }
    /* at, name, relays, and a number each: a field that is new has to be compared. */
    assert_int_equal(sizeof(struct scenario_arm),
                     3 * sizeof(void *) + sizeof(numbers) / sizeof(numbers[0]) * 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_threads_there_is_one_architecture),
        cmocka_unit_test(a_name_makes_no_difference_and_all_else_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
