#include "sim/plan_paths.h"

#include <string.h>

#include "support/test.h"

#define RELAYS 6u
#define PATHS  400u
#define KEPT   (SIM_FAST | SIM_STABLE)

static const struct sim_relay_config relays[RELAYS] = {{.weight = 9000, .flags = KEPT | SIM_GUARD},
                                                       {.weight = 1000, .flags = KEPT | SIM_GUARD},
                                                       {.weight = 5000, .flags = KEPT},
                                                       {.weight = 5000, .flags = KEPT},
                                                       {.weight = 5000, .flags = KEPT | SIM_EXIT},
                                                       {.weight = 5000, .flags = KEPT | SIM_EXIT}};

static void paths_follow_flags_and_weights(void **state) {
    (void)state;
    struct plan_path paths[PATHS];
    uint32_t heavy = 0;
    assert_int_equal(plan_paths_draw(relays, RELAYS, 1, paths, PATHS), PLAN_PATHS_DRAWN);
    for (uint32_t i = 0; i < PATHS; i++) {
        const uint32_t *path = paths[i].relays;
        assert_true(path[0] < RELAYS && path[1] < RELAYS && path[2] < RELAYS);
        assert_true(relays[path[0]].flags & SIM_GUARD);
        assert_true(relays[path[2]].flags & SIM_EXIT);
        assert_true(path[0] != path[1] && path[1] != path[2]);
        heavy += path[0] == 0;
    }
    assert_in_range(heavy, PATHS * 8 / 10, PATHS);
}

static void a_seed_has_its_paths(void **state) {
    (void)state;
    struct plan_path paths[PATHS], again[PATHS], fewer[PATHS / 2], other[PATHS];
    assert_int_equal(plan_paths_draw(relays, RELAYS, 1, paths, PATHS), PLAN_PATHS_DRAWN);
    assert_int_equal(plan_paths_draw(relays, RELAYS, 1, again, PATHS), PLAN_PATHS_DRAWN);
    assert_int_equal(plan_paths_draw(relays, RELAYS, 1, fewer, PATHS / 2), PLAN_PATHS_DRAWN);
    assert_int_equal(plan_paths_draw(relays, RELAYS, 2, other, PATHS), PLAN_PATHS_DRAWN);
    assert_memory_equal(paths, again, sizeof paths);
    assert_memory_equal(paths, fewer, sizeof fewer);
    assert_true(memcmp(paths, other, sizeof paths) != 0);
}

static void without_an_exit_there_is_none(void **state) {
    (void)state;
    struct plan_path path;
    assert_int_equal(plan_paths_draw(relays, 4, 1, &path, 1), PLAN_PATHS_NO_RELAY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_follow_flags_and_weights),
        cmocka_unit_test(a_seed_has_its_paths),
        cmocka_unit_test(without_an_exit_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
