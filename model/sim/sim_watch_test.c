#include "sim/sim_watch.h"

#include "support/test.h"
#include "support/test_memory.h"

#define BIN (100 * NSEC_PER_MS)

struct bench {
    struct test_memory memory;
    struct sim_watch watch;
};

static void set_up(struct bench *b) {
    test_memory_init(&b->memory);
    b->watch = (struct sim_watch){.bin = BIN};
}

static void tear_down(struct bench *b) {
    sim_watch_fini(&b->watch, &b->memory.memory);
    test_memory_fini(&b->memory);
}

static uint32_t begin(struct bench *b, nsec now, bool has_bins) {
    return sim_watch_begin(&b->watch, &b->memory.memory, now, &(struct sim_sight){.has_bins = has_bins});
}

static void count(struct bench *b, nsec now, uint32_t sight, uint64_t total) {
    assert_true(sim_watch_count(&b->watch, &b->memory.memory, now, sight, total));
}

static void test_bytes_go_into_the_bin_in_which_they_are_counted(void **state) {
    (void)state;
    static const struct {
        nsec at;
        uint64_t total;
    } looks[] = {{3 * BIN, 10}, {4 * BIN, 10}, {5 * BIN, 30}, {8 * BIN - 1, 31}, {8 * BIN, 33}};
    static const uint32_t expected[] = {10, 0, 20, 0, 0, 3};
    struct bench b;
    set_up(&b);
    uint32_t sight = begin(&b, 2 * BIN + 1, true);
    for (size_t i = 0; i < COUNT(looks); i++)
        count(&b, looks[i].at, sight, looks[i].total);
    const struct sim_sight *got = &sim_watch_sights(&b.watch).sights[sight];
    assert_int_equal(got->first_bin, 2);
    assert_int_equal(got->bins, COUNT(expected));
    assert_memory_equal(got->bytes, expected, sizeof(expected));
    assert_int_equal(got->total, 33);
    tear_down(&b);
}

static void test_many_sights_with_many_bins_and_without(void **state) {
    (void)state;
    struct bench b;
    set_up(&b);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t sight = begin(&b, i * BIN + 1, i % 2 == 0);
        assert_int_equal(sight, i);
        for (nsec k = 1; k <= 200; k++)
            count(&b, (i + k) * BIN, sight, k * i);
    }
    const struct sim_sights got = sim_watch_sights(&b.watch);
    assert_int_equal(got.count, 100);
    for (uint32_t i = 0; i < got.count; i++) {
        assert_int_equal(got.sights[i].total, 200 * i);
        assert_int_equal(got.sights[i].bins, i % 2 == 0 ? 200 : 0);
        for (uint32_t k = 0; k < got.sights[i].bins; k++)
            assert_int_equal(got.sights[i].bytes[k], i);
    }
    tear_down(&b);
}

static void test_looks_are_due_at_the_edges(void **state) {
    (void)state;
    const struct sim_watch watch = {.bin = BIN};
    assert_int_equal(sim_watch_next(&watch, 0), BIN);
    assert_int_equal(sim_watch_next(&watch, BIN - 1), BIN);
    assert_int_equal(sim_watch_next(&watch, BIN), 2 * BIN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_go_into_the_bin_in_which_they_are_counted),
        cmocka_unit_test(test_many_sights_with_many_bins_and_without),
        cmocka_unit_test(test_looks_are_due_at_the_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
