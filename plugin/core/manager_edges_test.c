/* Exit streams at their edge: what waits for the destination and from it, and how an edge ends. */
#include "support/exit_bench.h"

/* --- to the destination ---------------------------------------------------------------------------------------------- */

static void the_origin_ends_a_stream_when_its_data_is_written(UNUSED void **state) {
    struct exit_bench f;
    struct fake_request request;
    uint8_t got[10];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    circuit_tell(&f.c, RELAY_DATA, STREAM, "last", 4);
    circuit_tell(&f.c, RELAY_END, STREAM, "\6", 1);
    assert_false(exit_take_request(&f, FAKE_EDGE_CLOSE, &request));
    assert_true(exit_take_request(&f, FAKE_EDGE_WRITE, &request));
    assert_int_equal(exit_to_destination(&f, got, sizeof got), 4);
    exit_expect_edge_closed(&f);
    assert_null(peer_read(&f.origin));
    circuit_tell(&f.c, RELAY_DATA, STREAM, "late", 4); /* half-closed: ignored */
    circuit_tell(&f.c, RELAY_END, STREAM, "", 0);
    circuit_tell(&f.c, RELAY_SENDME, STREAM, "", 0);
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

static void optimistic_data_waits_for_the_connection(UNUSED void **state) {
    struct exit_bench f;
    uint8_t got[10];
    struct fake_request request;
    exit_bench_init(&f);
    exit_begin(&f, STREAM);
    circuit_tell(&f.c, RELAY_DATA, STREAM, "early", 5);
    exit_take_edge(&f);
    assert_false(exit_take_request(&f, FAKE_EDGE_WRITE, &request));
    f.edge_station = object_station(f.edge);
    assert_int_equal(manager_edge_room(exit_edge_manager(&f), f.edge), 0);
    exit_connect_edge(&f);
    assert_true(exit_take_request(&f, FAKE_EDGE_WRITE, &request));
    assert_int_equal(exit_to_destination(&f, got, sizeof got), 5);
    exit_bench_fini(&f);
}

static void a_stream_that_ends_before_it_is_connected_leaves_no_edge(UNUSED void **state) {
    for (unsigned has_data = 0; has_data < 2; has_data++) {
        struct exit_bench f;
        uint8_t got[10];
        exit_bench_init(&f);
        exit_begin(&f, STREAM);
        exit_take_edge(&f);
        if (has_data)
            circuit_tell(&f.c, RELAY_DATA, STREAM, "early", 5);
        circuit_tell(&f.c, RELAY_END, STREAM, "\6", 1);
        f.edge_station = object_station(f.edge);
        if (has_data) {
            exit_connect_edge(&f);
            assert_int_equal(exit_to_destination(&f, got, sizeof got), 5);
        }
        exit_expect_edge_closed(&f);
        exit_connect_edge(&f); /* it may have been on its way: ignored */
        assert_null(peer_read(&f.origin));
        exit_bench_fini(&f);
    }
}

static void a_destination_that_cannot_be_reached_is_an_end(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init(&f);
    exit_begin(&f, STREAM);
    exit_take_edge(&f);
    manager_edge_closed(exit_edge_manager(&f), f.b.now, f.edge, END_CONNECTREFUSED);
    bench_run(&f.b);
    exit_expect_end(&f, STREAM, END_CONNECTREFUSED);
    exit_bench_fini(&f);
}

static void few_cells_linger(struct relay_config *config) {
    config->is_exit = true;
    config->cells_max_per_manager = 320; /* a sixteenth of them may wait when their stream has ended */
}

/* Streams that end do not leave more behind than is good: the edge that has waited longest goes. */
static void what_ended_streams_leave_behind_is_bounded(UNUSED void **state) {
    struct exit_bench f;
    struct fake_request request;
    edge_id edges[6];
    unsigned closed = 0;
    exit_bench_init_with(&f, few_cells_linger, false);
    for (uint16_t i = 0; i < 6; i++) {
        exit_open_stream(&f, (uint16_t)(STREAM + i));
        edges[i] = f.edge;
        for (unsigned n = 0; n < 8; n++)
            circuit_tell(&f.c, RELAY_DATA, (uint16_t)(STREAM + i), "left", 4);
        circuit_tell(&f.c, RELAY_END, (uint16_t)(STREAM + i), "\6", 1);
        bench_pass(&f.b, NSEC_PER_S);
    }
    while (exit_take_request(&f, FAKE_EDGE_CLOSE, &request)) {
        assert_true(request.id == edges[0] || request.id == edges[1]);
        closed++;
    }
    assert_int_equal(closed, 2); /* of those on two stations, 24 chunks each: one of three */
    exit_bench_fini(&f);
}

/* --- from the destination -------------------------------------------------------------------------------------------- */

static void a_streams_window_holds_the_destination(UNUSED void **state) {
    struct exit_bench f;
    struct fake_request request;
    uint8_t tag[20];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    unsigned pushed = exit_push(&f, 5000);
    assert_in_range(pushed, 500, 500 + EDGE_CREDIT); /* what waits is bounded by the edge's credit */
    assert_true(exit_take_request(&f, FAKE_EDGE_PAUSE, &request));
    f.edge_station = object_station(f.edge);
    exit_hear_data(&f, STREAM, 500, tag);
    assert_null(peer_read(&f.origin));
    circuit_tell(&f.c, RELAY_SENDME, STREAM, "", 0);
    exit_hear_data(&f, STREAM, 50, tag);
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

static void a_destination_is_read_again_when_credit_comes(UNUSED void **state) {
    struct exit_bench f;
    struct fake_request request;
    uint8_t tag[20];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    exit_from_destination(&f, 'x', manager_edge_room(exit_edge_manager(&f), f.edge));
    assert_true(exit_take_request(&f, FAKE_EDGE_PAUSE, &request));
    assert_true(exit_take_request(&f, FAKE_EDGE_RESUME, &request)); /* the half has packaged them by now */
    assert_int_equal(request.id, f.edge);
    assert_int_equal(manager_edge_room(exit_edge_manager(&f), f.edge),
                     (EDGE_CREDIT - 1) * RELAY_DATA_MAX + chunk_padded_max(RELAY_V0));
    exit_hear_data(&f, STREAM, EDGE_CREDIT, tag);
    exit_bench_fini(&f);
}

static void few_cells(struct relay_config *config) {
    config->is_exit = true;
    config->cells_max_per_manager = 40;
}

/* The last cells of a pool are for what must not fail; what was cut before they began goes on to the origin. */
static void without_cells_a_stream_ends_behind_what_came(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    exit_bench_init_with(&f, few_cells, false);
    exit_open_stream(&f, STREAM);
    exit_from_destination(&f, 'x', 100 * RELAY_DATA_MAX);
    exit_expect_edge_closed(&f);
    unsigned cells = 0;
    while (circuit_hear(&f.c, &message) && message.command == RELAY_DATA)
        cells++;
    assert_in_range(cells, 30, 40);
    assert_int_equal(message.command, RELAY_END);
    assert_int_equal(message.data.data[0], END_RESOURCELIMIT);
    exit_bench_fini(&f);
}

/* The origin's thread gives an edge's cells back, which wakes nobody: they are fetched before a stream ends for want of
 * them. */
static void cells_on_their_way_home_are_not_missing(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tag[20];
    exit_bench_init_with(&f, few_cells, false);
    exit_open_stream(&f, STREAM);
    assert_int_not_equal(f.edge_station, f.origin.station);
    for (unsigned i = 0; i < 2; i++) {
        exit_from_destination(&f, 'x', 30 * RELAY_DATA_MAX);
        exit_hear_data(&f, STREAM, 30, tag);
    }
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

static void a_pool_does_not_grow_while_its_cells_lie_in_the_mailbox(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tag[20];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    size_t before = 0;
    for (unsigned i = 0; i < 3; i++) { /* a block has 64 cells */
        exit_from_destination(&f, 'x', 29 * RELAY_DATA_MAX);
        exit_hear_data(&f, STREAM, 29, tag);
        before = i < 2 ? f.memory.bytes_live : before;
    }
    assert_int_equal(f.memory.bytes_live, before);
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_origin_ends_a_stream_when_its_data_is_written),
        cmocka_unit_test(optimistic_data_waits_for_the_connection),
        cmocka_unit_test(what_ended_streams_leave_behind_is_bounded),
        cmocka_unit_test(a_stream_that_ends_before_it_is_connected_leaves_no_edge),
        cmocka_unit_test(a_destination_that_cannot_be_reached_is_an_end),
        cmocka_unit_test(a_streams_window_holds_the_destination),
        cmocka_unit_test(a_destination_is_read_again_when_credit_comes),
        cmocka_unit_test(without_cells_a_stream_ends_behind_what_came),
        cmocka_unit_test(cells_on_their_way_home_are_not_missing),
        cmocka_unit_test(a_pool_does_not_grow_while_its_cells_lie_in_the_mailbox),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
