#include "base/slot_map.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

static int objects[2000]; /* only their addresses matter */

static void a_name_finds_its_object_until_it_is_removed(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 7, OBJECT_HALF, 10);

    object_id a = slot_map_add(&map, &objects[0]);
    object_id b = slot_map_add(&map, &objects[1]);

    assert_int_equal(object_station(a), 7);
    assert_int_not_equal(a, b);
    assert_ptr_equal(slot_map_get(&map, a), &objects[0]);
    assert_ptr_equal(slot_map_get(&map, b), &objects[1]);
    assert_ptr_equal(slot_map_at(&map, object_slot(b)), &objects[1]);
    slot_map_remove(&map, a);
    assert_null(slot_map_get(&map, a));
    assert_ptr_equal(slot_map_get(&map, b), &objects[1]);
    slot_map_fini(&map);
    test_memory_fini(&m);
}

static void names_of_the_dead_are_stale_when_the_slot_has_a_new_tenant(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 1, OBJECT_HALF, 10);
    object_id dead = slot_map_add(&map, &objects[0]);
    slot_map_remove(&map, dead);

    object_id heir = slot_map_add(&map, &objects[1]);

    assert_int_equal(object_slot(heir), object_slot(dead));
    assert_int_equal(object_generation(heir), object_generation(dead) + 1);
    assert_null(slot_map_get(&map, dead));
    assert_ptr_equal(slot_map_get(&map, heir), &objects[1]);
    slot_map_fini(&map);
    test_memory_fini(&m);
}

static void names_that_were_never_given_find_nothing(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 0, OBJECT_HALF, 10);
    assert_null(slot_map_get(&map, 0));

    object_id id = slot_map_add(&map, &objects[0]);

    const object_id strangers[] = {
        0,
        object_id_make(1, OBJECT_HALF, object_slot(id), object_generation(id)),
        object_id_make(0, OBJECT_HALF, object_slot(id) + 1, object_generation(id)),
        object_id_make(0, OBJECT_HALF, OBJECT_SLOTS_MAX - 1, object_generation(id)),
        object_id_make(0, OBJECT_HALF, object_slot(id), object_generation(id) + 1),
        object_id_make(0, OBJECT_HALF, object_slot(id), 0),
        object_id_make(0, OBJECT_EDGE, object_slot(id), object_generation(id)),
        UINT64_MAX,
    };
    for (unsigned i = 0; i < COUNT(strangers); i++)
        assert_null(slot_map_get(&map, strangers[i]));
    slot_map_fini(&map);
    test_memory_fini(&m);
}

static void the_ceiling_counts_the_living(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 0, OBJECT_HALF, 2);
    object_id first = slot_map_add(&map, &objects[0]);
    assert_true(slot_map_add(&map, &objects[1]) != 0);

    assert_int_equal(slot_map_add(&map, &objects[2]), 0);

    slot_map_remove(&map, first);
    assert_true(slot_map_add(&map, &objects[2]) != 0);
    slot_map_fini(&map);
    test_memory_fini(&m);
}

static void a_slot_whose_generations_are_used_up_is_retired(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 0, OBJECT_HALF, 10);
    object_id id = slot_map_add(&map, &objects[0]);
    slot_map_remove(&map, id);
    map.chunks[0][0].generation = OBJECT_GENERATION_MAX - 1; /* as after 2^28 tenants */

    object_id last = slot_map_add(&map, &objects[0]);
    assert_int_equal(object_slot(last), 0);
    assert_int_equal(object_generation(last), OBJECT_GENERATION_MAX);
    assert_ptr_equal(slot_map_get(&map, last), &objects[0]);
    slot_map_remove(&map, last);

    object_id next = slot_map_add(&map, &objects[1]);
    assert_int_equal(object_slot(next), 1);
    assert_null(slot_map_get(&map, last));
    slot_map_fini(&map);
    test_memory_fini(&m);
}

static void every_allocation_may_fail(UNUSED void **state) {
    for (uint32_t granted = 0; granted < 12; granted++) {
        struct test_memory m;
        test_memory_init(&m);
        struct slot_map map;
        slot_map_init(&map, &m.memory, 0, OBJECT_HALF, 3000);
        test_memory_fail_after(&m, granted);
        uint32_t added = 0;
        while (added < COUNT(objects) && slot_map_add(&map, &objects[added]) != 0)
            added++;

        assert_int_equal(map.live, added);
        test_memory_fail_after(&m, 2);
        assert_true(slot_map_add(&map, &objects[0]) != 0);
        slot_map_fini(&map);
        test_memory_fini(&m);
    }
}

static void a_walk_sees_each_living_object_once_and_may_remove_it(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 0, OBJECT_HALF, 1000);
    object_id ids[768];
    for (unsigned i = 0; i < 768; i++)
        ids[i] = slot_map_add(&map, &objects[i]);
    for (unsigned i = 0; i < 768; i += 3)
        slot_map_remove(&map, ids[i]);

    uint32_t cursor = 0, seen = 0;
    for (int *object; (object = slot_map_next(&map, &cursor)) != NULL; seen++) {
        long i = object - objects;
        assert_int_not_equal(i % 3, 0);
        slot_map_remove(&map, ids[i]);
    }

    assert_int_equal(seen, 512);
    assert_int_equal(map.live, 0);
    slot_map_fini(&map);
    test_memory_fini(&m);
}

/* The model keeps every name ever given and whether it still lives. */
static void random_use_agrees_with_a_model(UNUSED void **state) {
    enum { NAMES = 4000 };
    static object_id names[NAMES];
    static int *tenant[NAMES]; /* NULL: dead */
    struct test_memory m;
    test_memory_init(&m);
    struct slot_map map;
    slot_map_init(&map, &m.memory, 200, OBJECT_HALF, NAMES);
    struct rng rng;
    rng_seed(&rng, 3);
    uint32_t given = 0, live = 0;

    while (given < NAMES) {
        if (rng_below(&rng, 3) != 0) {
            tenant[given] = &objects[given % COUNT(objects)];
            names[given] = slot_map_add(&map, tenant[given]);
            assert_true(names[given] != 0);
            given++, live++;
        } else if (given > 0) {
            uint64_t i = rng_below(&rng, given);
            if (tenant[i]) {
                slot_map_remove(&map, names[i]);
                tenant[i] = NULL;
                live--;
            }
        }
        uint64_t i = rng_below(&rng, given + 1);
        if (i < given)
            assert_ptr_equal(slot_map_get(&map, names[i]), tenant[i]);
        assert_int_equal(map.live, live);
    }

    for (unsigned i = 0; i < NAMES; i++)
        assert_ptr_equal(slot_map_get(&map, names[i]), tenant[i]);
    slot_map_fini(&map);
    test_memory_fini(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_finds_its_object_until_it_is_removed),
        cmocka_unit_test(names_of_the_dead_are_stale_when_the_slot_has_a_new_tenant),
        cmocka_unit_test(names_that_were_never_given_find_nothing),
        cmocka_unit_test(the_ceiling_counts_the_living),
        cmocka_unit_test(a_slot_whose_generations_are_used_up_is_retired),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_walk_sees_each_living_object_once_and_may_remove_it),
        cmocka_unit_test(random_use_agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
