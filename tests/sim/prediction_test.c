/* What is predicted of one relay under a load, where a closed form says it too. */
#include <inttypes.h>

#include "des/rate_bucket.h"
#include "sim/shared_heap.h"
#include "sim/sim_prediction.h"
#include "support/test.h"

#define PRICE (2 * NSEC_PER_US) /* of a cell in, and of a cell out */

static const struct cost_table cells_alone = {
    .ps = {.cells_received = PRICE * COST_PS_PER_NS, .cells_sent = PRICE * COST_PS_PER_NS},
    .smt_permille = 1000};

/* 8 links, 256 circuits and so the largest window, runs of 4, on so many cores. */
static struct sim_prediction_setting setting_of(struct shared_heap *heap, uint16_t threads, uint16_t cores) {
    shared_heap_init(heap);
    return (struct sim_prediction_setting){
        .memory = &heap->memory,
        .cpu = {.prices = &cells_alone,
                .mapping = COST_FULL,
                .behaviour = SIM_BEHAVE_LOOM,
                .cores = cores,
                .threads_per_core = 1,
                .workers = 1},
        .load = {.links = 8, .circuits = 256, .run = 4, .record_cells = 31, .verified = 1},
        .connection_threads = threads,
        .line_rate = RATE_UNLIMITED,
        .latency_us = 25,
        .length = NSEC_PER_S / 5,
        .seed = 1};
}

static struct sim_prediction predict(const struct sim_prediction_setting *setting,
                                     const struct shared_heap *heap) {
    struct sim_prediction found;
    assert_int_equal(sim_predict(setting, &found), ERR_OK);
    assert_int_equal(atomic_load(&heap->live_bytes), 0);
    return found;
}

/* Saturated, a relay does what its threads and cores can do, min(threads, cores) / price, and its threads are busy all the
 * time. */
static void test_throughput_is_that_of_the_closed_form(void **state) {
    static const struct {
        uint16_t threads, cores;
    } cases[] = {{0, 1}, {0, 4}, {1, 1}, {2, 1}, {2, 2}, {4, 2}, {4, 4}};
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct shared_heap heap;
        uint16_t threads = cases[i].threads, cores = cases[i].cores;
        struct sim_prediction_setting setting = setting_of(&heap, threads, cores);
        struct sim_prediction found = predict(&setting, &heap);
        uint64_t at_once = threads == 0 ? 1 : threads < cores ? threads : cores;
        uint64_t expected = at_once * setting.length / (2 * PRICE);
        nsec busy = found.busy_workers;
        for (uint16_t t = 0; t < found.threads; t++)
            busy += found.busy[t];
        print_message("%u threads on %u cores: %" PRIu64 " cells, closed form %" PRIu64 "\n", threads, cores,
                      found.cells, expected);
        assert_in_range(found.cells, expected * 99 / 100, expected * 101 / 100);
        assert_in_range(busy, at_once * setting.length * 99 / 100, at_once * setting.length * 101 / 100);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throughput_is_that_of_the_closed_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
