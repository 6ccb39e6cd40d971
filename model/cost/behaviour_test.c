#include "cost/behaviour.h"

#include "support/test.h"

#define CELLS(n) (UINT64_C(514) * (n))

static void bursts_become_records_and_calls(void **state) {
    (void)state;
    static const struct {
        const struct cost_behaviour *who;
        uint64_t bytes, records, bytes_written, writes;
    } cases[] = {
        {&cost_behaviour_tor, 0, 0, 0, 0},
        {&cost_behaviour_tor, CELLS(1), 1, 536, 1},
        {&cost_behaviour_tor, 4048, 1, 4070, 1},
        {&cost_behaviour_tor, 4049, 2, 4093, 2},
        {&cost_behaviour_tor, CELLS(9), 2, 4626 + 44, 2},
        {&cost_behaviour_tor, CELLS(32), 5, 16448 + 110, 5},
        {&cost_behaviour_tor, CELLS(31), 4, 15934 + 88, 4},
        {&cost_behaviour_loom, 0, 0, 0, 0},
        {&cost_behaviour_loom, CELLS(1), 1, 536, 1},
        {&cost_behaviour_loom, CELLS(31), 1, 15956, 1},
        {&cost_behaviour_loom, CELLS(32), 2, 16448 + 44, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct work work = {0};
        uint64_t records = cost_behaviour_records(cases[i].who, cases[i].bytes);
        cost_behaviour_send(cases[i].who, LINK_AES128, records, cases[i].bytes, &work);
        assert_int_equal(work.tls_records_written, cases[i].records);
        assert_int_equal(work.tls_bytes_written, cases[i].bytes_written);
        assert_int_equal(work.tls_aes128_bytes, cases[i].bytes_written);
        assert_int_equal(work.writes, cases[i].writes);
    }
}

/* The sender cuts the records, the receiver makes the calls; tor one more when a burst leaves it room. */
static void reads_follow_the_records_of_the_peer(void **state) {
    (void)state;
    static const struct {
        const struct cost_behaviour *who;
        uint64_t records, bytes, reads;
    } cases[] = {
        {&cost_behaviour_tor, 0, 0, 0},          {&cost_behaviour_tor, 1, CELLS(1), 3},
        {&cost_behaviour_tor, 5, CELLS(32), 10}, {&cost_behaviour_tor, 2, CELLS(62), 4},
        {&cost_behaviour_tor, 1, CELLS(31), 3},  {&cost_behaviour_loom, 5, CELLS(32), 1},
        {&cost_behaviour_loom, 2, CELLS(32), 1}, {&cost_behaviour_loom, 9, 131073, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct work work = {0};
        cost_behaviour_receive(cases[i].who, LINK_CHACHA, cases[i].records, cases[i].bytes, &work);
        assert_int_equal(work.tls_records_read, cases[i].records);
        assert_int_equal(work.tls_bytes_read, cases[i].bytes + 22 * cases[i].records);
        assert_int_equal(work.tls_chacha_bytes, work.tls_bytes_read);
        assert_int_equal(work.reads, cases[i].reads);
    }
}

static void a_link_that_is_alone_hands_more_to_tls_at_once(void **state) {
    (void)state;
    static const struct {
        const struct cost_behaviour *who;
        uint32_t links, cells;
    } cases[] = {
        {&cost_behaviour_tor, 0, 32}, {&cost_behaviour_tor, 1, 32}, {&cost_behaviour_tor, 2, 17},
        {&cost_behaviour_tor, 3, 13}, {&cost_behaviour_tor, 9, 10}, {&cost_behaviour_tor, 10, 9},
        {&cost_behaviour_loom, 1, 0}, {&cost_behaviour_loom, 2, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(cost_behaviour_flush_cells(cases[i].who, cases[i].links), cases[i].cells);
}

static void tor_picks_a_circuit_for_each_cell(void **state) {
    (void)state;
    struct work work = {.cells_sent = 62, .scheduler_picks = 2};
    cost_behaviour_correct(&cost_behaviour_loom, &work);
    assert_int_equal(work.scheduler_picks, 2);
    cost_behaviour_correct(&cost_behaviour_tor, &work);
    assert_int_equal(work.scheduler_picks, 62);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bursts_become_records_and_calls),
        cmocka_unit_test(reads_follow_the_records_of_the_peer),
        cmocka_unit_test(a_link_that_is_alone_hands_more_to_tls_at_once),
        cmocka_unit_test(tor_picks_a_circuit_for_each_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
