#include "des/segment_ranges.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

static struct segment_range range_of(uint32_t first, uint32_t end) {
    return (struct segment_range){
        .first = first, .end = end, .first_offset = UINT64_C(10) * first, .end_offset = UINT64_C(10) * end};
}

static void ranges_that_touch_are_one(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct segment_ranges ranges = {0};
    const struct segment_range in[] = {range_of(10, 12), range_of(20, 21), range_of(14, 15),
                                       range_of(12, 14)};
    for (unsigned i = 0; i < COUNT(in); i++)
        assert_int_equal(segment_ranges_add(&ranges, &m.memory, &in[i]), ERR_OK);
    assert_int_equal(ranges.count, 2);
    assert_int_equal(ranges.items[0].end, 15);
    assert_int_equal(ranges.items[0].end_offset, 150);
    assert_int_equal(segment_ranges_skip(&ranges, 9), 9);
    assert_int_equal(segment_ranges_skip(&ranges, 10), 15);
    assert_int_equal(segment_ranges_skip(&ranges, 15), 15);
    assert_int_equal(segment_ranges_bytes(&ranges), 60);
    segment_ranges_forget(&ranges, &m.memory, 15);
    assert_int_equal(ranges.count, 1);
    segment_ranges_forget(&ranges, &m.memory, 21);
    test_memory_fini(&m); /* empty again: nothing held */
}

static void random_ranges_agree_with_a_set(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct segment_ranges ranges = {0};
    bool set[400] = {false};
    struct rng rng;
    rng_seed(&rng, 4);
    for (unsigned step = 0; step < 300; step++) {
        uint32_t first = (uint32_t)rng_below(&rng, 390), end = first + 1 + (uint32_t)rng_below(&rng, 4);
        struct segment_range range = range_of(first, end);
        assert_int_equal(segment_ranges_add(&ranges, &m.memory, &range), ERR_OK);
        for (uint32_t i = first; i < end; i++)
            set[i] = true;
        uint64_t bytes = 0;
        for (uint32_t i = 0; i < 399; i++) {
            bytes += set[i] ? 10 : 0;
            assert_int_equal(segment_ranges_skip(&ranges, i) != i, set[i]);
        }
        assert_int_equal(segment_ranges_bytes(&ranges), bytes);
    }
    segment_ranges_fini(&ranges, &m.memory);
    test_memory_fini(&m);
}

static void without_memory_nothing_changes(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct segment_ranges ranges = {0};
    struct segment_range range = range_of(1, 2);
    test_memory_fail_after(&m, 0);
    assert_int_equal(segment_ranges_add(&ranges, &m.memory, &range), ERR_LIMIT);
    assert_int_equal(ranges.count, 0);
    test_memory_fini(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_that_touch_are_one),
        cmocka_unit_test(random_ranges_agree_with_a_set),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
