#include "core/control_spares.h"

#include "support/test.h"
#include "support/test_memory.h"

static void what_is_reserved_can_be_said(void **state) {
    (void)state;
    struct test_memory memory;
    struct control_spares spares;
    struct control *said[3];
    test_memory_init(&memory);
    control_spares_init(&spares, &memory.memory);
    assert_true(control_spares_reserve(&spares, 1));
    assert_true(control_spares_reserve(&spares, 2));
    test_memory_fail_after(&memory, 0);
    static const enum control_kind kinds[] = {CONTROL_DESTROY, CONTROL_LINK_OPEN, CONTROL_ONION_FORGET};
    for (size_t i = 0; i < COUNT(said); i++) {
        assert_non_null(said[i] = control_spares_take(&spares, kinds[i]));
        assert_int_equal(said[i]->kind, kinds[i]);
        assert_int_equal(said[i]->to, 0);
    }
    assert_null(control_spares_take(&spares, CONTROL_DESTROY));
    for (size_t i = 0; i < COUNT(said); i++)
        control_free(&memory.memory, said[i]);
    control_spares_release(&spares, 3);
    control_spares_fini(&spares);
    test_memory_fini(&memory);
}

static void without_memory_nothing_is_reserved(void **state) {
    (void)state;
    struct test_memory memory;
    struct control_spares spares;
    test_memory_init(&memory);
    control_spares_init(&spares, &memory.memory);
    assert_true(control_spares_reserve(&spares, 2));
    test_memory_fail_after(&memory, 1);
    assert_false(control_spares_reserve(&spares, 2));
    assert_int_equal(spares.owed, 2);
    assert_true(control_spares_reserve(&spares, 1)); /* the one that was had */
    control_spares_release(&spares, 3);
    assert_int_equal(memory.bytes_live, 0);
    control_spares_fini(&spares);
    test_memory_fini(&memory);
}

static void spares_are_used_last(void **state) {
    (void)state;
    struct test_memory memory;
    struct control_spares spares;
    test_memory_init(&memory);
    control_spares_init(&spares, &memory.memory);
    assert_true(control_spares_reserve(&spares, 1));
    struct control *message = control_spares_take(&spares, CONTROL_DESTROY);
    assert_int_equal(spares.count, 1);
    control_free(&memory.memory, message);
    control_spares_release(&spares, 1);
    assert_int_equal(spares.count, 0);
    control_spares_fini(&spares);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_reserved_can_be_said),
        cmocka_unit_test(without_memory_nothing_is_reserved),
        cmocka_unit_test(spares_are_used_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
