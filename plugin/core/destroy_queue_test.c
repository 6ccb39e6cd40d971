#include "core/destroy_queue.h"

#include "support/test.h"
#include "support/test_memory.h"

#define PUT(queue, memory, id) destroy_queue_put(queue, memory, id, (uint8_t)((id) % 7))

static void what_is_owed_comes_in_order(UNUSED void **state) {
    struct test_memory memory;
    struct destroy_queue queue = {0};
    struct destroy_owed owed;
    test_memory_init(&memory);
    uint32_t put = 0, taken = 0;
    for (unsigned round = 0; round < 300; round++) { /* two in, one out: the ring grows while it is turned */
        for (unsigned i = 0; i < 2; i++, put++)
            assert_true(PUT(&queue, &memory.memory, put));
        assert_true(destroy_queue_take(&queue, &memory.memory, &owed));
        assert_int_equal(owed.circ_id, taken);
        assert_int_equal(owed.reason, taken % 7);
        taken++;
    }
    while (destroy_queue_take(&queue, &memory.memory, &owed))
        assert_int_equal(owed.circ_id, taken++);
    assert_int_equal(taken, put);
    test_memory_fini(&memory); /* nothing is owed, nothing is held */
}

static void there_is_a_bound(UNUSED void **state) {
    struct test_memory memory;
    struct destroy_queue queue = {0};
    test_memory_init(&memory);
    for (uint32_t i = 0; i < DESTROYS_OWED_MAX; i++)
        assert_true(PUT(&queue, &memory.memory, i));
    assert_false(PUT(&queue, &memory.memory, 1));
    assert_int_equal(queue.count, DESTROYS_OWED_MAX);
    destroy_queue_clear(&queue, &memory.memory);
    destroy_queue_clear(&queue, &memory.memory);
    test_memory_fini(&memory);
}

static void without_memory_nothing_is_lost(UNUSED void **state) {
    struct test_memory memory;
    struct destroy_queue queue = {0};
    struct destroy_owed owed;
    test_memory_init(&memory);
    for (uint32_t i = 0; i < 8; i++)
        assert_true(PUT(&queue, &memory.memory, i));
    test_memory_fail_after(&memory, 0);
    assert_false(PUT(&queue, &memory.memory, 8));
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(destroy_queue_take(&queue, &memory.memory, &owed));
        assert_int_equal(owed.circ_id, i);
    }
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_owed_comes_in_order),
        cmocka_unit_test(there_is_a_bound),
        cmocka_unit_test(without_memory_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
