#include "sim/sim_delays.h"

#include "support/test.h"
#include "support/test_memory.h"

enum { CELLS = 4000 };

static struct sim_delay delays[CELLS];

static void quantiles(uint32_t count, nsec *median_out, nsec *p99_out) {
    struct test_memory heap;
    test_memory_init(&heap);
    assert_true(sim_delays_quantiles(delays, count, &heap.memory, median_out, p99_out));
    test_memory_fini(&heap);
}

static void test_none_have_none(void **state) {
    nsec median = 1, p99 = 1;
    (void)state;
    quantiles(0, &median, &p99);
    assert_int_equal(median + p99, 0);
}

/* Fewer than a slice needs. */
static void test_few_are_taken_together(void **state) {
    nsec median, p99;
    (void)state;
    for (uint32_t i = 0; i < 50; i++)
        delays[i] = (struct sim_delay){.at = i * NSEC_PER_S, .delay = 50 - i, .way = i % 2};
    quantiles(50, &median, &p99);
    assert_int_equal(median, 25);
    assert_int_equal(p99, 50);
}

/* Two ways, five slices of 200 cells each on both, whose delays are 1 to 200 us; those of one slice in five are a second longer.
 * The last slice of a way is not whole. */
static void test_a_slice_of_many_does_not_count(void **state) {
    nsec median, p99;
    uint32_t n = 0;
    (void)state;
    for (uint32_t slice = 0; slice < 5; slice++)
        for (uint32_t i = 0; i < 200; i++)
            for (uint32_t way = 0; way < 2; way++)
                delays[n++] = (struct sim_delay){
                    .at = NSEC_PER_S + slice * SIM_DELAYS_SLICE + i,
                    .delay = (uint32_t)((i * 7 % 200 + 1) * NSEC_PER_US + (slice == 1 ? NSEC_PER_S : 0)),
                    .way = way};
    quantiles(n, &median, &p99);
    assert_int_equal(median, 100 * NSEC_PER_US);
    assert_int_equal(p99, 198 * NSEC_PER_US);
}

/* A way that gets a burst of 31 cells in each slice, and one that gets ten: only the second has a say. */
static void test_slices_with_few_cells_have_no_say(void **state) {
    nsec median, p99;
    uint32_t n = 0;
    (void)state;
    for (uint32_t slice = 0; slice < 5; slice++)
        for (uint32_t i = 0; i < 341; i++)
            delays[n++] = (struct sim_delay){
                .at = slice * SIM_DELAYS_SLICE + i / 31, .delay = i < 31 ? 7 : i / 31 * 1000, .way = i < 31};
    quantiles(n, &median, &p99);
    assert_int_equal(median, 5000);
    assert_int_equal(p99, 10000);
}

static void test_without_memory_there_are_none(void **state) {
    nsec median, p99;
    struct test_memory heap;
    (void)state;
    test_memory_init(&heap);
    test_memory_fail_after(&heap, 0);
    delays[0] = (struct sim_delay){.delay = 1};
    assert_false(sim_delays_quantiles(delays, 1, &heap.memory, &median, &p99));
    test_memory_fini(&heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none_have_none),
        cmocka_unit_test(test_few_are_taken_together),
        cmocka_unit_test(test_a_slice_of_many_does_not_count),
        cmocka_unit_test(test_slices_with_few_cells_have_no_say),
        cmocka_unit_test(test_without_memory_there_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
