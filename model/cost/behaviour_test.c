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
        {&cost_behaviour_tor, 4096, 1, 4118, 1},
        {&cost_behaviour_tor, 4097, 2, 4141, 2},
        {&cost_behaviour_tor, CELLS(31), 4, 15934 + 88, 4},
        {&cost_behaviour_loom, 0, 0, 0, 0},
        {&cost_behaviour_loom, CELLS(1), 1, 536, 1},
        {&cost_behaviour_loom, CELLS(31), 1, 15956, 1},
        {&cost_behaviour_loom, CELLS(32), 2, 16448 + 44, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct work work = {0};
        cost_behaviour_send(cases[i].who, LINK_AES128, cases[i].bytes, &work);
        assert_int_equal(work.tls_records_written, cases[i].records);
        assert_int_equal(work.tls_bytes_written, cases[i].bytes_written);
        assert_int_equal(work.tls_aes128_bytes, cases[i].bytes_written);
        assert_int_equal(work.writes, cases[i].writes);
    }
}

/* The sender cuts the records, the receiver makes the calls. */
static void reads_follow_the_records_of_the_peer(void **state) {
    (void)state;
    static const struct {
        const struct cost_behaviour *who, *peer;
        uint64_t bytes, records, reads;
    } cases[] = {
        {&cost_behaviour_tor, &cost_behaviour_tor, 0, 0, 0},
        {&cost_behaviour_tor, &cost_behaviour_tor, CELLS(32), 5, 10},
        {&cost_behaviour_tor, &cost_behaviour_loom, CELLS(32), 2, 4},
        {&cost_behaviour_loom, &cost_behaviour_tor, CELLS(32), 5, 1},
        {&cost_behaviour_loom, &cost_behaviour_loom, CELLS(32), 2, 1},
        {&cost_behaviour_loom, &cost_behaviour_loom, 131073, 9, 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct work work = {0};
        cost_behaviour_receive(cases[i].who, cases[i].peer, LINK_CHACHA, cases[i].bytes, &work);
        assert_int_equal(work.tls_records_read, cases[i].records);
        assert_int_equal(work.tls_bytes_read, cases[i].bytes + 22 * cases[i].records);
        assert_int_equal(work.tls_chacha_bytes, work.tls_bytes_read);
        assert_int_equal(work.reads, cases[i].reads);
    }
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
        cmocka_unit_test(tor_picks_a_circuit_for_each_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
