#include "load/load_lane.h"

#include "support/test.h"

static void add(struct load_lane *lane, uint32_t id) {
    load_lane_add(lane, &(struct load_circuit){.id = id});
}

static void take(struct load_lane *lane, uint32_t id) {
    static const uint8_t body[CELL_BODY_LEN];
    struct load_shape shape = {.run = 1};
    load_lane_take(
        lane, &shape,
        &(struct cell_view){.circ_id = id, .command = CELL_RELAY, .body = body, .length = sizeof body});
}

static void circuits_that_are_dropped_leave_the_others(UNUSED void **state) {
    struct load_lane lane;
    load_lane_init(&lane, false);
    for (uint32_t id = 1; id <= 3; id++)
        add(&lane, id);
    load_lane_drop(&lane, 1);
    load_lane_drop(&lane, 1);
    load_lane_drop(&lane, 99);
    assert_int_equal(lane.count, 2);
    for (uint32_t i = 0; i < lane.count; i++) {
        assert_int_not_equal(lane.circuits[i]->id, 1);
        assert_int_equal(lane.circuits[i]->place, i);
    }
    load_lane_fini(&lane);
}

static void who_answers_only_waits_for_a_cell(UNUSED void **state) {
    struct load_lane lane;
    load_lane_init(&lane, false);
    lane.answers_only = true;
    for (uint32_t id = 1; id <= 3; id++)
        add(&lane, id);
    assert_int_equal(lane.count, 0);
    take(&lane, 2);
    take(&lane, 2);
    assert_int_equal(lane.count, 1);
    assert_int_equal(lane.circuits[0]->id, 2);
    load_lane_drop(&lane, 2); /* that writes */
    load_lane_drop(&lane, 3); /* that does not yet */
    assert_int_equal(lane.count, 0);
    take(&lane, 3); /* comes late, and is of nobody */
    assert_int_equal(lane.count, 0);
    load_lane_fini(&lane);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circuits_that_are_dropped_leave_the_others),
        cmocka_unit_test(who_answers_only_waits_for_a_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
