#include "shadow/tor_calls.h"

#include <stdlib.h>

#include "support/test.h"

static struct tor_calls *new_calls(void) {
    struct tor_calls *calls = calloc(1, sizeof *calls);
    assert_non_null(calls);
    tor_calls_begin(calls, 7 * NSEC_PER_S, true);
    return calls;
}

/* tor reads a record of 4048 bytes in two calls, and finds 7 whole cells in it; the eighth comes with the next. */
static void records_become_cells(void **state) {
    struct tor_calls *calls = new_calls();
    struct working_set set;
    struct work work;
    (void)state;
    for (int i = 0; i < 2; i++) {
        tor_calls_socket_read(calls, LINK_AES256, 5, true);
        tor_calls_socket_read(calls, LINK_AES256, 4065, false);
        tor_calls_plain_in(calls, 4048);
    }
    tor_calls_socket_read(calls, LINK_AES256, 0, true); /* nothing more */
    tor_calls_take(calls, &work, &set);
    assert_int_equal(work.reads, 5);
    assert_int_equal(work.tls_records_read, 2);
    assert_int_equal(work.tls_bytes_read, 2 * 4070);
    assert_int_equal(work.tls_aes256_bytes, 2 * 4070);
    assert_int_equal(work.cells_received, 15);
    assert_int_equal(work.loop_turns, 1);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(work.reads + work.cells_received + work.loop_turns, 0);
    free(calls);
}

/* One callback is one run of the scheduler, however many records it writes; links that it writes to are asked about. */
static void a_callback_that_writes_is_a_scheduling_run(void **state) {
    struct tor_calls *calls = new_calls();
    struct working_set set;
    struct work work;
    int a, b;
    (void)state;
    tor_calls_plain_out(calls, &a, 4048);
    tor_calls_plain_out(calls, &a, 578);
    tor_calls_plain_out(calls, &b, 514);
    tor_calls_plain_out(calls, &a, 514); /* again */
    tor_calls_begin(calls, 7 * NSEC_PER_S, false);
    tor_calls_plain_out(calls, &b, 514);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(work.scheduler_runs, 2);
    assert_int_equal(work.tcp_info_reads, 3);
    assert_int_equal(work.tls_records_written, 5);
    assert_int_equal(work.cells_sent, 12);
    free(calls);
}

static void layers_of_a_second_are_the_working_set(void **state) {
    struct tor_calls *calls = new_calls();
    struct working_set set;
    struct work work;
    char layers[1000];
    (void)state;
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 1000; i++)
            tor_calls_layer(calls, &layers[i], 509);
    tor_calls_layer(calls, &layers[999], 509); /* again */
    tor_calls_take(calls, &work, &set);
    assert_int_equal(set.halves_active, 1000);
    assert_int_equal(work.circuit_switches, 6000);
    assert_int_equal(work.aes_bytes, 3001 * 509);
    tor_calls_begin(calls, 8 * NSEC_PER_S, false);
    tor_calls_layer(calls, &layers[0], 509);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(set.halves_active, 1000); /* still */
    tor_calls_begin(calls, 9 * NSEC_PER_S, false);
    tor_calls_layer(calls, &layers[1], 509);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(set.halves_active, 1);
    free(calls);
}

/* More layers than are counted are no more work for being too many. */
static void too_many_layers_are_not_seen(void **state) {
    struct tor_calls *calls = new_calls();
    struct working_set set;
    struct work work;
    (void)state;
    for (uintptr_t i = 1; i <= 2 * TOR_LAYERS; i++)
        tor_calls_layer(calls, (const void *)(i * 64), 1); // NOLINT(performance-no-int-to-ptr)
    tor_calls_take(calls, &work, &set);
    assert_in_range(set.halves_active, TOR_LAYERS / 2, TOR_LAYERS);
    assert_int_equal(work.aes_bytes, 2 * TOR_LAYERS);
    free(calls);
}

/* Cells that leave tell how many waited with them; the prices of the next second know of it. */
static void cells_that_leave_tell_how_many_waited(void **state) {
    struct tor_calls *calls = new_calls();
    struct working_set set;
    struct work work;
    int link;
    (void)state;
    tor_calls_plain_in(calls, 300 * 514);
    tor_calls_plain_out(calls, &link, 100 * 514);
    tor_calls_plain_out(calls, &link, 100 * 514);
    tor_calls_begin(calls, 8 * NSEC_PER_S, false);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(set.cells_waiting, 250);     /* 300 for one half of them, 200 for the other */
    tor_calls_plain_out(calls, &link, 200 * 514); /* a hundred that began here are no more than were there */
    tor_calls_begin(calls, 9 * NSEC_PER_S, false);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(set.cells_waiting, 100);
    tor_calls_begin(calls, 11 * NSEC_PER_S, false);
    tor_calls_take(calls, &work, &set);
    assert_int_equal(set.cells_waiting, 0);
    free(calls);
}

static void cells_that_end_here_do_not_wait(void **state) {
    struct tor_calls *calls = new_calls();
    (void)state;
    for (int i = 0; i < 1000; i++) {
        tor_calls_plain_in(calls, 514);
        tor_calls_digest(calls, 20); /* of something else */
        tor_calls_digest(calls, 509);
        tor_calls_digest(calls, 509); /* of an answer that begins here */
    }
    assert_int_equal(calls->cells_waiting, 0);
    free(calls);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_that_leave_tell_how_many_waited),
        cmocka_unit_test(cells_that_end_here_do_not_wait),
        cmocka_unit_test(records_become_cells),
        cmocka_unit_test(a_callback_that_writes_is_a_scheduling_run),
        cmocka_unit_test(layers_of_a_second_are_the_working_set),
        cmocka_unit_test(too_many_layers_are_not_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
