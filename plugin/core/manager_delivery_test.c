/* Exit streams from the origin: their windows, and what waits for slow destinations. */
#include "core/flow_window.h"
#include "support/exit_bench.h"

/* --- windows away from the origin ------------------------------------------------------------------------------------ */

static void we_answer_each_hundredth_cell_with_its_tag(UNUSED void **state) {
    struct exit_bench f;
    uint8_t expected[23] = {1, 0, 20};
    exit_bench_init(&f);
    for (unsigned i = 1; i <= 250; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "x", 1); /* counts without a stream too */
        if (i % 100)
            continue;
        f.b.crypt->layer_tag(f.c.forward, expected + 3);
        exit_expect(&f, RELAY_SENDME, 0, expected, sizeof expected);
    }
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

static void a_stream_is_answered_when_the_destination_has_taken_it(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    static uint8_t got[600 * RELAY_DATA_MAX];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    for (unsigned i = 1; i <= 500; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "12", 2);
        if (i % 100 == 0)
            assert_true(circuit_hear(&f.c, &message) && message.stream == 0);
    }
    assert_null(peer_read(&f.origin)); /* the destination does not read */
    assert_int_equal(exit_to_destination(&f, got, sizeof got), 1000);
    for (unsigned i = 0; i < 10; i++)
        exit_expect(&f, RELAY_SENDME, STREAM, NULL, 0);
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

/* The origin counts them too: they must not use up its window. */
static void empty_data_is_answered_at_once(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    struct fake_request request;
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    for (unsigned i = 1; i <= 1000; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "", 0);
        if (i % STREAM_WINDOW_INCREMENT == 0) {
            if (i % CIRCUIT_WINDOW_INCREMENT == 0)
                assert_true(circuit_hear(&f.c, &message) && message.stream == 0);
            exit_expect(&f, RELAY_SENDME, STREAM, NULL, 0);
        }
    }
    assert_null(peer_read(&f.origin));
    assert_false(exit_take_request(&f, FAKE_EDGE_WRITE, &request));
    exit_bench_fini(&f);
}

static void an_origin_that_exceeds_a_streams_window_loses_its_circuit(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    for (unsigned i = 1; i <= 500; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "12", 2);
        if (i % 100 == 0)
            assert_true(circuit_hear(&f.c, &message));
    }
    circuit_tell(&f.c, RELAY_DATA, STREAM, "12", 2);
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

/* --- what waits for slow destinations ----------------------------------------------------------------------------- */

static void few_cells_for_destinations(struct relay_config *config) {
    config->is_exit = true;
    config->cells_max_per_manager = 1000; /* half of them may wait for destinations */
}

/* The stream that has most of what waits ends, and its memory comes back; the others go on. */
static void the_stream_that_waits_most_ends(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    uint8_t got[200];
    edge_id edges[4];
    exit_bench_init_with(&f, few_cells_for_destinations, false);
    for (uint16_t i = 1; i < 4; i++) {
        exit_open_stream(&f, i);
        edges[i] = f.edge;
    }
    for (unsigned n = 0; n < 100; n++) {
        circuit_tell(&f.c, RELAY_DATA, 1, "a", 1);
        circuit_tell(&f.c, RELAY_DATA, 3, "c", 1);
    }
    for (unsigned n = 0; n < 301; n++)
        circuit_tell(&f.c, RELAY_DATA, 2, "b", 1);
    for (unsigned n = 0; n < 5; n++) /* of the circuit */
        assert_true(circuit_hear(&f.c, &message) && message.command == RELAY_SENDME);
    exit_expect_end(&f, 2, END_RESOURCELIMIT);
    assert_null(peer_read(&f.origin));
    f.edge = edges[2];
    exit_expect_edge_closed(&f);
    circuit_tell(&f.c, RELAY_DATA, 2, "b", 1); /* late */
    for (uint16_t i = 1; i < 4; i += 2) {
        exit_turn_to(&f, edges[i]);
        assert_int_equal(exit_to_destination(&f, got, sizeof got), 100);
    }
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(we_answer_each_hundredth_cell_with_its_tag),
        cmocka_unit_test(a_stream_is_answered_when_the_destination_has_taken_it),
        cmocka_unit_test(empty_data_is_answered_at_once),
        cmocka_unit_test(an_origin_that_exceeds_a_streams_window_loses_its_circuit),
        cmocka_unit_test(the_stream_that_waits_most_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
