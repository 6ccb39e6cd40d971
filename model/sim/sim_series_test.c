#include "sim/sim_series.h"

#include "support/test.h"
#include "support/test_memory.h"

/* Three threads, the last a CPU worker; samples of a second, four seconds, measured from the second one on. */
static void set_up(struct sim_series *series, struct test_memory *memory) {
    test_memory_init(memory);
    assert_true(sim_series_init(series, &memory->memory, NSEC_PER_S, 4 * NSEC_PER_S, NSEC_PER_S, 3, 1));
}

static void tear_down(struct sim_series *series, struct test_memory *memory) {
    sim_series_fini(series, &memory->memory);
    test_memory_fini(memory);
}

static void test_work_goes_to_the_sample_in_which_it_was_seen(void **state) {
    (void)state;
    struct sim_series s;
    struct test_memory memory;
    set_up(&s, &memory);
    const struct work work = {
        .bytes_received = 100, .edge_bytes_in = 10, .bytes_sent = 40, .edge_bytes_out = 10, .cells_sent = 5};
    struct sim_carried carried = {0};
    sim_carried_add(&carried, &work);
    assert_false(sim_series_is_due(&s, NSEC_PER_S - 1));
    assert_true(sim_series_is_due(&s, NSEC_PER_S));
    sim_series_close(&s, NSEC_PER_S, &carried);
    assert_int_equal(s.samples[0].bytes_read, 110);
    assert_int_equal(s.samples[0].bytes_written, 50);
    assert_int_equal(s.samples[0].cells, 5);
    carried.cells = 12;
    sim_series_close(&s, 3 * NSEC_PER_S + 1, &carried); /* nothing happened in the third second */
    assert_int_equal(s.next, 3);
    assert_int_equal(s.samples[1].cells, 7);
    assert_int_equal(s.samples[1].bytes_read, 0);
    assert_int_equal(s.samples[2].cells, 0);
    tear_down(&s, &memory);
}

static void test_busy_time_is_parted_at_samples(void **state) {
    (void)state;
    struct sim_series s;
    struct test_memory memory;
    const struct sim_carried none = {0};
    set_up(&s, &memory);
    sim_series_busy(&s, 0, NSEC_PER_S / 2, 2 * NSEC_PER_S + 7);
    sim_series_busy(&s, 2, 0, NSEC_PER_S);
    sim_series_busy(&s, 1, NSEC_PER_S, NSEC_PER_S + 3);
    sim_series_busy(&s, 1, 4 * NSEC_PER_S, 9 * NSEC_PER_S); /* in part beyond the end */
    sim_series_close(&s, 4 * NSEC_PER_S, &none);
    assert_int_equal(s.samples[0].busy, NSEC_PER_S / 2 + NSEC_PER_S);
    assert_int_equal(s.samples[0].busy_most, NSEC_PER_S / 2); /* a worker does not count */
    assert_int_equal(s.samples[1].busy, NSEC_PER_S + 3);
    assert_int_equal(s.samples[1].busy_most, NSEC_PER_S);
    assert_int_equal(s.samples[2].busy, 7);
    assert_int_equal(s.thread_busy[1 * 3 + 1], 3);
    assert_int_equal(s.threads[0].busy, NSEC_PER_S + 7); /* from the second second on */
    assert_int_equal(s.threads[2].busy, 0);
    tear_down(&s, &memory);
}

static void test_delays_have_bins_of_powers_of_two(void **state) {
    (void)state;
    struct sim_series s;
    struct test_memory memory;
    set_up(&s, &memory);
    sim_series_delay(&s, 0, 0, 1000); /* before the measurement: only in its sample */
    sim_series_delay(&s, NSEC_PER_S, 0, 0);
    sim_series_delay(&s, NSEC_PER_S, 0, 1);
    sim_series_delay(&s, NSEC_PER_S, 0, 1023);
    sim_series_delay(&s, NSEC_PER_S, 0, 1024);
    sim_series_delay(&s, NSEC_PER_S, 1, NSEC_NEVER / 2);
    assert_int_equal(s.samples[0].inputs, 1);
    assert_int_equal(s.samples[0].delay_sum, 1000);
    assert_int_equal(s.samples[1].inputs, 5);
    assert_int_equal(s.threads[0].inputs, 4);
    assert_int_equal(s.threads[0].delay_sum, 2048);
    assert_int_equal(s.threads[0].delay_max, 1024);
    assert_int_equal(s.threads[0].delays[0], 1);
    assert_int_equal(s.threads[0].delays[1], 1);
    assert_int_equal(s.threads[0].delays[10], 1);
    assert_int_equal(s.threads[0].delays[11], 1);
    assert_int_equal(s.threads[1].delays[SIM_DELAY_BINS - 1], 1);
    tear_down(&s, &memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_goes_to_the_sample_in_which_it_was_seen),
        cmocka_unit_test(test_busy_time_is_parted_at_samples),
        cmocka_unit_test(test_delays_have_bins_of_powers_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
