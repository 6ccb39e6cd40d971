#include "sim/sim_prediction.h"

#include "des/rate_bucket.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/cell.h"
#include "wire/relay_cell.h"

#define PRICE (2 * NSEC_PER_US) /* of a cell in, and of a cell out */

static const struct cost_table cells_alone = {
    .ps = {.cells_received = PRICE * COST_PS_PER_NS, .cells_sent = PRICE * COST_PS_PER_NS},
    .smt_permille = 1000};

/* 8 links, 256 circuits, runs of 4, on two cores. */
static struct sim_prediction_setting setting_of(struct test_memory *heap, uint16_t threads) {
    test_memory_init(heap);
    return (struct sim_prediction_setting){
        .memory = &heap->memory,
        .cpu = {.prices = &cells_alone,
                .mapping = COST_FULL,
                .behaviour = SIM_BEHAVE_LOOM,
                .cores = 2,
                .threads_per_core = 1,
                .workers = 1},
        .load = {.links = 8, .circuits = 256, .run = 4, .record_cells = 31},
        .connection_threads = threads,
        .line_rate = RATE_UNLIMITED,
        .latency_us = 25,
        .length = NSEC_PER_S / 10,
        .seed = 1};
}

static struct sim_prediction predict(const struct sim_prediction_setting *setting, struct test_memory *heap) {
    struct sim_prediction found;
    assert_int_equal(sim_predict(setting, &found), ERR_OK);
    test_memory_fini(heap);
    return found;
}

/* A cell is received once and sent once. Those that go away from the clients are peeled as they come, and those that go towards
 * them are copied as they come and wrapped as they go. All circuits and links are active. */
static void test_work_per_cell_is_what_a_hand_calculation_says(void **state) {
    (void)state;
    struct test_memory heap;
    struct sim_prediction_setting setting = setting_of(&heap, 0);
    struct sim_prediction found = predict(&setting, &heap);
    uint64_t received = found.work.cells_received;
    assert_int_equal(found.cells, (received + found.work.cells_sent) / 2);
    assert_in_range(received, found.cells * 98 / 100, found.cells * 102 / 100);
    assert_int_equal(found.work.bytes_received, received * CELL_LEN);
    assert_int_equal(found.work.aes_bytes, received * CELL_BODY_LEN);
    assert_in_range(found.work.copy_bytes, received * CELL_BODY_LEN * 45 / 100,
                    received * CELL_BODY_LEN * 55 / 100);
    assert_int_equal(found.work.cells_crossed, 0);
    assert_int_equal(found.work.circuits_closed, 0);
    assert_int_equal(found.set.links_active, 8);
    assert_int_equal(found.set.halves_active, 512);
}

static void test_the_same_setting_gives_the_same_result(void **state) {
    (void)state;
    struct test_memory heap;
    struct sim_prediction_setting setting = setting_of(&heap, 2);
    struct sim_prediction one = predict(&setting, &heap), other = predict(&setting, &heap);
    assert_int_equal(one.cells, other.cells);
    assert_memory_equal(&one.work, &other.work, sizeof one.work);
    assert_memory_equal(one.busy, other.busy, one.threads * sizeof one.busy[0]);
}

#define EDGE_READ_MAX 65536u

/* Each cell that carries data has its 498 bytes on one side, and each cell has its digest; for every hundred there is a SENDME of
 * the circuit and two of the stream (tor-spec 7.3, 7.4). Streams go both ways, and a circuit has one half. */
static void test_circuits_that_end_at_the_relay_have_streams_both_ways(void **state) {
    (void)state;
    for (uint16_t threads = 0; threads <= 2; threads++) {
        struct test_memory heap;
        struct sim_prediction_setting setting = setting_of(&heap, threads);
        setting.load = (struct sim_generator_config){
            .is_exit = true, .links = 3, .circuits = 30, .run = 4, .record_cells = 31};
        struct sim_prediction found = predict(&setting, &heap);
        uint64_t cells = found.work.cells_received + found.work.cells_sent;
        assert_in_range(cells, found.cells * 101 / 100, found.cells * 105 / 100);
        assert_in_range(found.work.digest_bytes, cells * CELL_BODY_LEN * 98 / 100,
                        cells * CELL_BODY_LEN * 102 / 100);
        assert_true(found.work.edge_bytes_in > found.cells * RELAY_DATA_MAX / 20);
        assert_true(found.work.edge_bytes_out > found.cells * RELAY_DATA_MAX / 20);
        assert_in_range(found.work.edge_reads, found.work.edge_bytes_in / EDGE_READ_MAX, found.cells / 20);
        assert_in_range(found.work.edge_writes, 1, found.cells / 10);
        assert_int_equal(found.set.links_active, 3);
        assert_int_equal(found.set.halves_active, 30);
    }
}

#define SLEEP (30 * NSEC_PER_US)

static const struct cost_table cells_and_sleeps = {.ps = {.cells_received = PRICE * COST_PS_PER_NS,
                                                          .cells_sent = PRICE * COST_PS_PER_NS,
                                                          .loop_sleeps = SLEEP * COST_PS_PER_NS},
                                                   .smt_permille = 1000};

/* Cells a second in bursts of four, twelve milliseconds of work a second for each thousand. */
static struct sim_prediction predict_at(const struct cost_table *prices, uint32_t rate,
                                        const struct cost_table *generator) {
    struct test_memory heap;
    struct sim_prediction_setting setting = setting_of(&heap, 1);
    setting.cpu.prices = prices;
    setting.load.prices = generator;
    setting.load.rate = rate;
    setting.length = NSEC_PER_S;
    return predict(&setting, &heap);
}

/* A burst is made, goes to the relay, is received and sent there, comes back, and is opened: four cells at PRICE each time, and the
 * latency of 25 us twice. Without prices there is the latency alone. A relay that sleeps is woken for each burst. */
static void test_the_delay_of_a_lonely_burst(void **state) {
    (void)state;
    struct sim_prediction found = predict_at(NULL, 1000, NULL);
    assert_in_range(found.delay_median, 50 * NSEC_PER_US, 51 * NSEC_PER_US);
    found = predict_at(&cells_alone, 1000, NULL);
    assert_in_range(found.delay_median, 50 * NSEC_PER_US + 16 * PRICE, 51 * NSEC_PER_US + 16 * PRICE);
    found = predict_at(&cells_and_sleeps, 1000, NULL);
    assert_in_range(found.delay_median, 50 * NSEC_PER_US + 16 * PRICE + SLEEP,
                    51 * NSEC_PER_US + 16 * PRICE + SLEEP);
    assert_in_range(found.work.loop_sleeps, found.cells / 4 * 95 / 100, found.cells / 4 * 105 / 100 + 30);
    assert_int_equal(found.left_out, 0);
}

/* The same burst, of a generator that takes twice as long to make it, and as long as that to look for what has come. */
static void test_a_generator_with_prices_of_its_own_takes_its_own_time(void **state) {
    (void)state;
    const struct cost_table generator = {
        .ps = {.cells_sent = 2 * PRICE * COST_PS_PER_NS, .loop_turns = 8 * PRICE * COST_PS_PER_NS},
        .smt_permille = 1000};
    struct sim_prediction found = predict_at(&cells_alone, 1000, &generator);
    assert_in_range(found.delay_median, 50 * NSEC_PER_US + 28 * PRICE, 51 * NSEC_PER_US + 28 * PRICE);
    assert_int_equal(found.left_out, 0);
}

/* The generator is one thread: cells wait for it, too. And a relay that has much to do sleeps seldom. */
static void test_a_busy_relay_sleeps_seldom_and_delays_more(void **state) {
    (void)state;
    struct sim_prediction idle = predict_at(&cells_and_sleeps, 1000, NULL),
                          busy = predict_at(&cells_and_sleeps, 150000, NULL);
    assert_true(busy.delay_median > idle.delay_median - SLEEP);
    assert_true(busy.delay_p99 > idle.delay_p99);
    assert_true(busy.work.loop_sleeps * idle.cells * 2 < idle.work.loop_sleeps * busy.cells);
    assert_in_range(busy.cells, 145000, 155000);
}

/* A relay that could do twice as much carries what the one thread presses; one that is slower is not helped by a faster thread. */
static void test_a_generator_with_prices_presses_as_fast_as_it_can(void **state) {
    (void)state;
    for (uint16_t threads = 0; threads <= 1; threads++) {
        struct test_memory heap;
        struct sim_prediction_setting setting = setting_of(&heap, threads);
        struct cost_table generator = {.smt_permille = 1000};
        setting.load.prices = &generator;
        setting.length = NSEC_PER_S / 10;
        generator.ps.cells_sent = 4 * PRICE * COST_PS_PER_NS;
        struct sim_prediction found = predict(&setting, &heap);
        uint64_t expected = setting.length / (4 * PRICE);
        assert_in_range(found.cells, expected * 98 / 100, expected * 102 / 100);
        assert_in_range(found.busy[threads], setting.length * 48 / 100, setting.length * 52 / 100);
        generator.ps.cells_sent = PRICE / 4 * COST_PS_PER_NS;
        setting = setting_of(&heap, threads);
        setting.load.prices = &generator;
        setting.length = NSEC_PER_S / 10;
        found = predict(&setting, &heap);
        assert_in_range(found.cells, expected * 2 * 98 / 100, expected * 2 * 102 / 100);
    }
}

/* What the thread pays for calls makes its bursts longer, and a relay's reads bring more: never shorter than one record. */
static void test_a_slow_generator_keeps_reads_of_a_relay_small(void **state) {
    (void)state;
    double cells_a_read[2];
    for (unsigned i = 0; i < 2; i++) {
        struct test_memory heap;
        struct sim_prediction_setting setting = setting_of(&heap, 1);
        struct cost_table generator = {.ps.cells_sent = (i == 0 ? 4 : 1) * PRICE * COST_PS_PER_NS,
                                       .smt_permille = 1000};
        setting.load.prices = &generator;
        setting.length = NSEC_PER_S / 10;
        struct sim_prediction found = predict(&setting, &heap);
        cells_a_read[i] = (double)found.work.cells_received / (double)found.work.reads;
    }
    assert_true(cells_a_read[0] < cells_a_read[1]);
}

static void test_without_memory_there_is_no_result(void **state) {
    (void)state;
    struct test_memory heap;
    struct sim_prediction found;
    struct sim_prediction_setting setting = setting_of(&heap, 0);
    for (uint32_t allowed = 1; allowed < 2000; allowed *= 3) {
        test_memory_init(&heap);
        test_memory_fail_after(&heap, allowed);
        assert_int_equal(sim_predict(&setting, &found), ERR_LIMIT);
        test_memory_fini(&heap);
        test_memory_init(&heap);
        setting.load.is_exit = true;
        test_memory_fail_after(&heap, allowed);
        assert_int_equal(sim_predict(&setting, &found), ERR_LIMIT);
        test_memory_fini(&heap);
        setting.load.is_exit = false;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_per_cell_is_what_a_hand_calculation_says),
        cmocka_unit_test(test_the_same_setting_gives_the_same_result),
        cmocka_unit_test(test_circuits_that_end_at_the_relay_have_streams_both_ways),
        cmocka_unit_test(test_the_delay_of_a_lonely_burst),
        cmocka_unit_test(test_a_busy_relay_sleeps_seldom_and_delays_more),
        cmocka_unit_test(test_a_generator_with_prices_presses_as_fast_as_it_can),
        cmocka_unit_test(test_a_generator_with_prices_of_its_own_takes_its_own_time),
        cmocka_unit_test(test_a_slow_generator_keeps_reads_of_a_relay_small),
        cmocka_unit_test(test_without_memory_there_is_no_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
