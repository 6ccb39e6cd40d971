#include "core/flow_tags.h"

#include "support/test.h"
#include "support/test_memory.h"

static void the_second_half_of_an_increment_wants_a_cell_that_nobody_can_foresee(UNUSED void **state) {
    for (uint16_t increment = 30; increment <= 100; increment += 35) {
        struct flow_tags t = {.first = 0};
        for (uint16_t sent = 0; sent < increment; sent++) {
            assert_int_equal(flow_wants_unforeseen(&t, sent, increment), sent >= increment / 2);
            assert_int_equal(flow_needs_unforeseen(&t, sent, increment), sent == increment - 1);
        }
        t.is_unforeseen = true;
        for (uint16_t sent = 0; sent < increment; sent++) {
            assert_false(flow_wants_unforeseen(&t, sent, increment));
            assert_false(flow_needs_unforeseen(&t, sent, increment));
        }
    }
}

static void tags_come_back_oldest_first(UNUSED void **state) {
    struct test_memory memory;
    test_memory_init(&memory);
    struct flow_tags t = {.first = 0};
    uint8_t tag[FLOW_TAG_LEN] = {0};
    assert_null(flow_tags_pop(&t));
    uint8_t next_in = 0, next_out = 0;
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 20; i++) {
            tag[0] = tag[FLOW_TAG_LEN - 1] = next_in;
            t.is_unforeseen = true;
            assert_int_equal(flow_tags_push(&t, &memory.memory, next_in++, tag), ERR_OK);
            assert_false(t.is_unforeseen); /* the next increment wants its own */
        }
        for (unsigned i = 0; i < 13; i++) {
            const struct flow_tag *oldest = flow_tags_pop(&t);
            assert_non_null(oldest);
            assert_int_equal(oldest->tag[0], next_out);
            assert_int_equal(oldest->tag[FLOW_TAG_LEN - 1], next_out);
            assert_int_equal(oldest->sent, next_out++);
        }
    }
    while (t.count)
        assert_int_equal(flow_tags_pop(&t)->tag[0], next_out++);
    assert_int_equal(next_out, next_in);
    assert_null(flow_tags_pop(&t));
    flow_tags_fini(&t, &memory.memory);
    test_memory_fini(&memory);
}

static void there_is_a_bound(UNUSED void **state) {
    struct test_memory memory;
    test_memory_init(&memory);
    struct flow_tags t = {.first = 0};
    const uint8_t tag[FLOW_TAG_LEN] = {0};
    unsigned n = 0;
    while (flow_tags_push(&t, &memory.memory, 0, tag) == ERR_OK)
        n++;
    assert_in_range(n, FLOW_TAGS_MAX, 2 * FLOW_TAGS_MAX);
    assert_int_equal(t.count, n);
    flow_tags_fini(&t, &memory.memory);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_second_half_of_an_increment_wants_a_cell_that_nobody_can_foresee),
        cmocka_unit_test(tags_come_back_oldest_first),
        cmocka_unit_test(there_is_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
