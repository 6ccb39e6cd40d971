#include "des/sent_runs.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

static void a_bulk_sender_has_one_run(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct sent_runs runs;
    sent_runs_init(&runs, 1);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(sent_runs_add(&runs, &m.memory, 10, UINT64_C(10) * i * TCP_MSS, TCP_MSS), ERR_OK);
    assert_int_equal(runs.count, 1);
    assert_int_equal(m.bytes_live, 0);
    sent_runs_forget(&runs, &m.memory, 5001);
    assert_int_equal(sent_runs_find(&runs, 5001).offset, UINT64_C(5000) * TCP_MSS);
    assert_int_equal(sent_runs_find(&runs, 10000).size, TCP_MSS);
    sent_runs_fini(&runs, &m.memory);
    test_memory_fini(&m);
}

/* Against an array of sizes, one for each segment. */
static void random_writes_are_found_again(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct sent_runs runs;
    struct rng rng;
    static uint64_t offset[30001];
    uint32_t una = 1, next = 1;
    rng_seed(&rng, 8);
    sent_runs_init(&runs, 1);
    while (next < 29000) {
        if (rng_below(&rng, 3)) {
            uint32_t count = 1 + (uint32_t)rng_below(&rng, 5);
            uint32_t last = rng_below(&rng, 2) ? TCP_MSS : 1 + (uint32_t)rng_below(&rng, TCP_MSS);
            assert_int_equal(sent_runs_add(&runs, &m.memory, count, offset[next], last), ERR_OK);
            for (uint32_t i = 1; i <= count; i++, next++)
                offset[next + 1] = offset[next] + (i < count ? TCP_MSS : last);
        } else {
            una += (uint32_t)rng_below(&rng, next - una + 1);
            sent_runs_forget(&runs, &m.memory, una);
        }
        for (uint32_t segment = una; segment < next; segment += 1 + (next - una) / 8) {
            struct sent_segment found = sent_runs_find(&runs, segment);
            assert_int_equal(found.offset, offset[segment]);
            assert_int_equal(found.size, offset[segment + 1] - offset[segment]);
        }
    }
    sent_runs_forget(&runs, &m.memory, next);
    assert_int_equal(m.bytes_live, 0); /* nothing in flight, nothing held */
    test_memory_fini(&m);
}

static void without_memory_nothing_changes(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct sent_runs runs;
    sent_runs_init(&runs, 1);
    test_memory_fail_after(&m, 0);
    assert_int_equal(sent_runs_add(&runs, &m.memory, 1, 0, 100), ERR_OK);
    assert_int_equal(sent_runs_add(&runs, &m.memory, 1, 100, 100), ERR_OK);
    assert_int_equal(sent_runs_add(&runs, &m.memory, 1, 200, 100), ERR_LIMIT);
    assert_int_equal(runs.end, 3);
    assert_int_equal(sent_runs_find(&runs, 2).offset, 100);
    sent_runs_fini(&runs, &m.memory);
    test_memory_fini(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bulk_sender_has_one_run),
        cmocka_unit_test(random_writes_are_found_again),
        cmocka_unit_test(without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
