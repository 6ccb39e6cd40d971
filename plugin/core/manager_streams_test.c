/* Exit streams at their half: BEGIN to END. */
#include "core/flow_window.h"
#include "support/exit_bench.h"

/* --- stories --------------------------------------------------------------------------------------------------------- */

static void a_stream_goes_both_ways_and_ends(UNUSED void **state) {
    struct exit_bench f;
    uint8_t got[1000];
    exit_bench_init(&f);
    exit_open_stream(&f, STREAM);
    circuit_tell(&f.c, RELAY_DATA, STREAM, "GET / HTTP/1.0", 14);
    assert_int_equal(exit_to_destination(&f, got, sizeof got), 14);
    assert_memory_equal(got, "GET / HTTP/1.0", 14);

    uint8_t filled[RELAY_DATA_MAX];
    memset(filled, 'a', sizeof filled);
    exit_from_destination(&f, 'a', RELAY_DATA_MAX + 2);
    exit_expect(&f, RELAY_DATA, STREAM, filled, RELAY_DATA_MAX);
    exit_expect(&f, RELAY_DATA, STREAM, "aa", 2);
    exit_from_destination(&f, 'b', 3);
    manager_edge_closed(exit_edge_manager(&f), f.b.now, f.edge, END_DONE);
    bench_run(&f.b);
    exit_expect(&f, RELAY_DATA, STREAM, "bbb", 3);
    exit_expect_end(&f, STREAM, END_DONE); /* behind the last data */
    exit_open_stream(&f, STREAM);          /* the id is free again */
    exit_bench_fini(&f);
}

static void a_circuit_takes_its_streams_with_it(UNUSED void **state) {
    for (unsigned is_connected = 0; is_connected < 2; is_connected++) {
        struct exit_bench f;
        struct fake_request request;
        exit_bench_init(&f);
        if (is_connected)
            exit_open_stream(&f, STREAM);
        else
            exit_begin(&f, STREAM);
        peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        if (!is_connected)
            exit_take_question(&f, &request);
        exit_expect_edge_closed(&f);
        manager_edge_receive(exit_edge_manager(&f), f.b.now, f.edge, NULL, 0);
        manager_edge_closed(exit_edge_manager(&f), f.b.now, f.edge, END_DONE); /* stale: ignored */
        bench_run(&f.b);
        assert_null(peer_read(&f.origin));
        exit_bench_fini(&f);
    }
}

/* --- refusals -------------------------------------------------------------------------------------------------------- */

static void a_middle_refuses_streams(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init_with(&f, NULL, false);
    exit_begin(&f, STREAM);
    exit_expect_end(&f, STREAM, END_EXITPOLICY);
    circuit_tell(&f.c, RELAY_BEGIN_DIR, STREAM, "", 0);
    exit_expect_end(&f, STREAM, END_NOTDIRECTORY);
    exit_bench_fini(&f);
}

static void a_client_may_not_use_us_as_its_only_hop(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init_with(&f, exit_here, true);
    exit_begin(&f, STREAM);
    exit_expect_end(&f, STREAM, END_TORPROTOCOL);
    exit_bench_fini(&f);
}

static void directory_here(struct relay_config *config) {
    config->is_directory = true;
}

/* tor-spec 6.2.1: CONNECTED is empty, and a client's first hop may serve it. */
static void a_directory_stream_ends_at_the_runtime(UNUSED void **state) {
    static const struct address none = {ADDRESS_NONE, {0}};
    for (unsigned is_client = 0; is_client < 2; is_client++) {
        struct exit_bench f;
        struct fake_request request;
        exit_bench_init_with(&f, directory_here, is_client);
        circuit_tell(&f.c, RELAY_BEGIN_DIR, STREAM, "", 0);
        assert_true(exit_take_request(&f, FAKE_EDGE_OPEN, &request));
        assert_int_equal(f.edge_station, f.origin.station);
        assert_int_equal(request.begin.kind, STREAM_DIRECTORY);
        assert_int_equal(request.begin.is_previous_relay, !is_client);
        assert_int_equal(request.begin.previous.family, ADDRESS_IPV4);
        assert_string_equal(request.begin.host, "");
        f.edge = request.id;
        manager_edge_connected(exit_edge_manager(&f), f.b.now, f.edge, &none);
        bench_run(&f.b);
        exit_expect(&f, RELAY_CONNECTED, STREAM, "", 0);
        exit_from_destination(&f, 'd', 3);
        exit_expect(&f, RELAY_DATA, STREAM, "ddd", 3);
        exit_begin(&f, STREAM + 1); /* a directory is no exit for it */
        exit_expect_end(&f, STREAM + 1, is_client ? END_TORPROTOCOL : END_EXITPOLICY);
        circuit_tell(&f.c, RELAY_BEGIN_DIR, STREAM, "", 0); /* in use */
        exit_expect_destroyed(&f, DESTROY_PROTOCOL);
        exit_bench_fini(&f);
    }
}

static void an_unlisted_relay_may_not_be_before_us(UNUSED void **state) {
    for (unsigned is_listed = 0; is_listed < 2; is_listed++) {
        struct exit_bench f;
        exit_bench_init(&f);
        struct relay_entry entry = {.rsa_id = {0}};
        memcpy(entry.rsa_id, f.origin_id.credentials.rsa_id, 20);
        struct consensus_view *view =
            consensus_view_new(&f.memory.memory, &consensus_params_default, &entry, is_listed);
        manager_set_consensus(bench_manager(&f.b, f.origin.station), f.b.now, view);
        consensus_view_drop(view);
        if (is_listed) {
            exit_open_stream(&f, STREAM);
        } else {
            exit_begin(&f, STREAM);
            exit_expect_end(&f, STREAM, END_TORPROTOCOL);
        }
        exit_bench_fini(&f);
    }
}

static void stream_messages_that_break_the_protocol_end_the_circuit(UNUSED void **state) {
    static const struct {
        uint8_t command;
        uint16_t stream;
        const char *data;
        size_t length;
    } cases[] = {
        {RELAY_BEGIN, 0, "a.com:80", 9},    {RELAY_BEGIN, STREAM, "a.com:80", 9}, /* in use */
        {RELAY_BEGIN_DIR, 0, "", 0},        {RELAY_RESOLVE, 0, "", 0},
        {RELAY_SENDME, 0, "", 0},           {RELAY_SENDME, STREAM, "", 0}, /* not due */
        {RELAY_SENDME, 0, "\1\0\24abc", 6}, {RELAY_SENDME, 0, "\1\0\24aaaaaaaaaaaaaaaaaaaa", 23},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exit_bench f;
        exit_bench_init(&f);
        exit_open_stream(&f, STREAM);
        circuit_tell(&f.c, cases[i].command, cases[i].stream, cases[i].data, cases[i].length);
        exit_expect_destroyed(&f, DESTROY_PROTOCOL);
        exit_expect_edge_closed(&f);
        exit_bench_fini(&f);
    }
}

static void a_begin_that_cannot_be_read_is_an_end(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init(&f);
    circuit_tell(&f.c, RELAY_BEGIN, STREAM, "no port", 8);
    exit_expect_end(&f, STREAM, END_TORPROTOCOL);
    circuit_tell(&f.c, RELAY_DROP, STREAM, "", 0); /* the circuit lives, and padding is ignored */
    circuit_tell(&f.c, 99, STREAM, "", 0);
    exit_open_stream(&f, STREAM);
    exit_bench_fini(&f);
}

static void streams_of_a_circuit_have_a_limit(UNUSED void **state) {
    struct exit_bench f;
    struct fake_request request;
    exit_bench_init(&f);
    for (uint16_t id = 1; id <= 1000;
         id++) { /* circuits_max_per_manager of the bench, which bounds edges too */
        exit_begin(&f, id);
        exit_take_question(&f, &request);
    }
    exit_begin(&f, 1001);
    exit_expect_end(&f, 1001, END_RESOURCELIMIT);
    exit_bench_fini(&f);
}

/* --- a circuit that both ends here and goes on ----------------------------------------------------------------------- */

/* Cells from the next hop and chunks from an edge, of the same thread, reach the half in one batch. */
static void cells_and_chunks_for_one_half_are_told_apart(UNUSED void **state) {
    struct exit_bench f;
    struct bench_peer next;
    struct fake_request dial;
    struct relay_message message;
    uint8_t created[CELL_BODY_LEN] = {0, 10}, wire[CELL_LEN];
    exit_bench_init(&f);
    peer_init(&next, &f.b, &f.next_id);
    circuit_extend(&f.c, &f.next_id, 1);
    assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &dial));
    assert_int_equal(peer_answer(&next, 2, dial.id), ERR_OK);
    peer_shake_hands(&next);
    uint32_t id = peer_read(&next)->circ_id;
    peer_send(&next, id, CELL_CREATED2, created, sizeof created);
    exit_expect(&f, RELAY_EXTENDED2, 0, created, 12);
    exit_open_stream(&f, STREAM);
    if (f.edge_station != 2) /* edges go round the threads */
        exit_open_stream(&f, STREAM + 1);

    assert_int_equal(f.edge_station, 2);

    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, id, CELL_RELAY, "\377\377", 2);
    struct manager *m = bench_manager(&f.b, 2);
    for (unsigned i = 0; i < 3; i++) { /* in one turn */
        manager_receive_bytes(m, f.b.now, next.link, wire, sizeof wire);
        manager_edge_receive(m, f.b.now, f.edge, (const uint8_t *)"abc", 3);
    }
    bench_run(&f.b);
    unsigned cells = 0, data = 0;
    const struct peer_cell *cell;
    while ((cell = peer_read(&f.origin)) != NULL) {
        assert_int_equal(cell->command, CELL_RELAY);
        if (circuit_peel(&f.c, cell, &message)) {
            assert_int_equal(message.command, RELAY_DATA);
            assert_int_equal(message.data.length, 3);
            data++;
        } else {
            assert_memory_equal(f.c.body, "\377\377", 2);
            cells++;
        }
    }
    assert_int_equal(cells, 3);
    assert_int_equal(data, 3);
    peer_free(&next);
    exit_bench_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_goes_both_ways_and_ends),
        cmocka_unit_test(a_circuit_takes_its_streams_with_it),
        cmocka_unit_test(a_middle_refuses_streams),
        cmocka_unit_test(a_client_may_not_use_us_as_its_only_hop),
        cmocka_unit_test(a_directory_stream_ends_at_the_runtime),
        cmocka_unit_test(an_unlisted_relay_may_not_be_before_us),
        cmocka_unit_test(stream_messages_that_break_the_protocol_end_the_circuit),
        cmocka_unit_test(a_begin_that_cannot_be_read_is_an_end),
        cmocka_unit_test(streams_of_a_circuit_have_a_limit),
        cmocka_unit_test(cells_and_chunks_for_one_half_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
