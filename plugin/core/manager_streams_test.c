/* Exit streams at their half: BEGIN to END, and both windows. */
#include "core/flow_window.h"
#include "support/exit_bench.h"

#define STREAM_TURN 2u /* STREAM_TURN_CELLS of the manager */

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

/* --- windows towards the origin -------------------------------------------------------------------------------------- */

static void tell_circuit_sendme(struct exit_bench *f, const uint8_t tag[static 20]) {
    uint8_t body[23] = {1, 0, 20};
    memcpy(body + 3, tag, 20);
    circuit_tell(&f->c, RELAY_SENDME, 0, body, sizeof body);
}

static void a_circuits_window_is_shared_in_turn(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tags[10][20], tag[20];
    edge_id edges[3];
    exit_bench_init(&f);
    for (uint16_t i = 0; i < 3; i++) {
        exit_open_stream(&f, (uint16_t)(i + 1));
        edges[i] = f.edge;
    }
    for (unsigned i = 0; i < 2; i++) {
        f.edge = edges[i];
        f.edge_station = object_station(f.edge);
        assert_true(exit_push(&f, 500) == 500);
        for (unsigned n = 0; n < 5; n++)
            exit_hear_data(&f, (uint16_t)(i + 1), 100, tags[i * 5 + n]);
    }
    f.edge = edges[2];
    f.edge_station = object_station(f.edge);
    assert_int_equal(exit_push(&f, 1000), EDGE_CREDIT); /* none of them leaves */
    assert_null(peer_read(&f.origin));
    manager_edge_closed(exit_edge_manager(&f), f.b.now, f.edge, END_DONE);
    bench_run(&f.b);
    tell_circuit_sendme(&f, tags[0]);
    exit_hear_data(&f, 3, 100, tag);
    tell_circuit_sendme(&f, tags[1]);
    exit_hear_data(&f, 3, EDGE_CREDIT - 100, tag);
    exit_expect_end(&f, 3, END_DONE);
    assert_null(peer_read(&f.origin));
    exit_bench_fini(&f);
}

/* Streams that wait for the circuit's window get a few cells each, then the next has its turn. */
static void a_circuits_window_goes_round(UNUSED void **state) {
    struct exit_bench f;
    struct relay_message message;
    uint8_t tags[10][20];
    unsigned heard[5] = {0}, turn = 0;
    exit_bench_init(&f);
    edge_id edges[5];
    for (uint16_t i = 1; i < 5; i++) {
        exit_open_stream(&f, i);
        edges[i] = f.edge;
    }
    for (uint16_t i = 1; i < 5; i++) {
        f.edge = edges[i];
        f.edge_station = object_station(f.edge);
        assert_int_equal(exit_push(&f, 500), i < 3 ? 500 : EDGE_CREDIT);
        for (unsigned n = 0; n < 5 && i < 3; n++)
            exit_hear_data(&f, i, 100, tags[(i - 1) * 5 + n]);
    }
    assert_null(peer_read(&f.origin));
    tell_circuit_sendme(&f, tags[0]);
    for (unsigned n = 0; n < 100; n++) {
        assert_true(circuit_hear(&f.c, &message));
        assert_int_equal(message.stream, 3 + turn / STREAM_TURN % 2);
        heard[message.stream]++;
        turn++;
    }
    assert_null(peer_read(&f.origin));
    assert_in_range(heard[3], 50 - STREAM_TURN, 50 + STREAM_TURN);
    exit_bench_fini(&f);
}

static void a_sendme_must_show_the_right_tag(UNUSED void **state) {
    for (unsigned fault = 0; fault < 4; fault++) {
        struct exit_bench f;
        uint8_t tag[20], later[20];
        exit_bench_init(&f);
        exit_open_stream(&f, STREAM);
        assert_int_equal(exit_push(&f, 250), 250);
        exit_hear_data(&f, STREAM, 100, tag);
        exit_hear_data(&f, STREAM, 100, later);
        if (fault == 1)
            tag[19] ^= 1;
        if (fault == 3)
            circuit_tell(&f.c, RELAY_SENDME, 0, "", 0); /* version 0 has none, and is accepted by default */
        else
            tell_circuit_sendme(&f, fault == 2 ? later : tag); /* in order */
        exit_hear_data(&f, STREAM, 50, later);
        if (fault == 1 || fault == 2)
            exit_expect_destroyed(&f, DESTROY_PROTOCOL);
        else
            assert_null(peer_read(&f.origin));
        exit_bench_fini(&f);
    }
}

/* Read all cells of a download; padded_out says which have random padding. */
static unsigned hear_download(struct exit_bench *f, bool *padded_out, size_t *bytes_out) {
    static const uint8_t zeros[CHUNK_PADDING];
    struct relay_message message;
    unsigned cells = 0;
    while (circuit_hear(&f->c, &message)) {
        assert_int_equal(message.command, RELAY_DATA);
        size_t length = message.data.length;
        padded_out[cells++] = length <= chunk_padded_max(RELAY_V0) &&
                              memcmp(message.data.data + length + 4, zeros, sizeof zeros) != 0;
        *bytes_out += length;
    }
    return cells;
}

/* Proposal 289: who knows what is downloaded cannot know the tags before the cells have come. */
static void each_tag_hangs_on_bytes_that_nobody_knows(UNUSED void **state) {
    static const struct {
        size_t read;
        unsigned cells;
    } cases[] = {{50 * RELAY_DATA_MAX, 404}, /* full cells: the last of each hundred is split */
                 {RELAY_DATA_MAX, 402},
                 {10 * RELAY_DATA_MAX - 30, 400}}; /* each tenth has room anyway */
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct exit_bench f;
        bool padded[500] = {false};
        size_t bytes = 0, sent = 0;
        exit_bench_init(&f);
        exit_open_stream(&f, STREAM);
        while (sent < 400 * (RELAY_DATA_MAX - 3)) {
            exit_from_destination(&f, 'x', cases[i].read);
            sent += cases[i].read;
        }
        unsigned cells = hear_download(&f, padded, &bytes);
        assert_int_equal(bytes, sent);
        assert_int_equal(cells, cases[i].cells);
        for (unsigned increment = 0; increment < 4; increment++) {
            unsigned count = 0;
            for (unsigned cell = 0; cell < 100; cell++)
                count += padded[100 * increment + cell];
            assert_int_equal(count, 1);
            for (unsigned cell = 0; cell < 50; cell++)
                assert_false(padded[100 * increment + cell]);
        }
        exit_bench_fini(&f);
    }
}

static void version_1_may_be_required(UNUSED void **state) {
    struct exit_bench f;
    uint8_t tag[20];
    exit_bench_init(&f);
    struct consensus_params params = consensus_params_default;
    params.sendme_accept_min_version = 1;
    struct consensus_view *view = consensus_view_new(&f.memory.memory, &params, NULL, 0);
    f.b.config.refuse_unknown_exits = 0; /* nobody is listed */
    exit_open_stream(&f, STREAM);
    manager_set_consensus(bench_manager(&f.b, f.origin.station), f.b.now, view);
    consensus_view_drop(view);
    assert_int_equal(exit_push(&f, 100), 100);
    exit_hear_data(&f, STREAM, 100, tag);
    circuit_tell(&f.c, RELAY_SENDME, 0, "", 0);
    exit_expect_destroyed(&f, DESTROY_PROTOCOL);
    exit_bench_fini(&f);
}

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
        f.edge = edges[i];
        f.edge_station = object_station(f.edge);
        assert_int_equal(exit_to_destination(&f, got, sizeof got), 100);
    }
    exit_bench_fini(&f);
}

/* With many streams each has less on the way from its destination, so that a circuit's share of the memory is bounded. */
static void many_streams_share_the_credit_of_their_circuit(UNUSED void **state) {
    struct exit_bench f;
    exit_bench_init(&f);
    size_t rooms[100], sum = 0;
    for (uint16_t i = 0; i < 100; i++) {
        exit_open_stream(&f, (uint16_t)(i + 1));
        rooms[i] = manager_edge_room(exit_edge_manager(&f), f.edge) / RELAY_DATA_MAX + 1;
        sum += rooms[i];
    }
    assert_int_equal(rooms[0], EDGE_CREDIT);
    assert_in_range(rooms[99], EDGE_CREDIT_LEAST, 11);
    assert_true(sum < 4000);
    exit_bench_fini(&f);
}

/* An edge that was given much when its circuit had few streams is given less, and goes on when it may and not before. */
static void a_share_that_shrinks_stops_nobody(UNUSED void **state) {
    struct exit_bench f;
    struct fake_request request;
    uint8_t tags[10][20];
    edge_id edges[4];
    exit_bench_init(&f);
    for (uint16_t i = 1; i < 4; i++) {
        exit_open_stream(&f, i);
        edges[i] = f.edge;
    }
    for (uint16_t i = 2; i < 4; i++) { /* 70 cells are left of the circuit's window */
        f.edge = edges[i];
        f.edge_station = object_station(f.edge);
        assert_int_equal(exit_push(&f, i == 2 ? 500 : 430), i == 2 ? 500 : 430);
        exit_hear_data(&f, i, 100, tags[i]);
        exit_hear_data(&f, i, i == 2 ? 400 : 330, tags[0]);
    }
    for (uint16_t i = 4; i < 200; i++)
        exit_open_stream(&f, i);
    while (exit_take_request(&f, FAKE_EDGE_PAUSE, &request) ||
           exit_take_request(&f, FAKE_EDGE_RESUME, &request))
        continue;
    f.edge = edges[1];
    f.edge_station = object_station(f.edge);
    exit_from_destination(&f, 'x', manager_edge_room(exit_edge_manager(&f), f.edge));
    exit_hear_data(&f, 1, 70, tags[0]);
    assert_true(exit_take_request(&f, FAKE_EDGE_PAUSE, &request));
    assert_false(
        exit_take_request(&f, FAKE_EDGE_RESUME, &request)); /* more than its share is still to be sent */
    tell_circuit_sendme(&f, tags[2]);
    exit_hear_data(&f, 1, EDGE_CREDIT - 70, tags[0]);
    assert_true(exit_take_request(&f, FAKE_EDGE_RESUME, &request));
    assert_int_equal(request.id, edges[1]);
    f.edge_station = object_station(edges[1]);
    assert_in_range(manager_edge_room(exit_edge_manager(&f), edges[1]), 1,
                    EDGE_CREDIT_LEAST * RELAY_DATA_MAX);
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
        cmocka_unit_test(a_circuits_window_is_shared_in_turn),
        cmocka_unit_test(a_circuits_window_goes_round),
        cmocka_unit_test(the_stream_that_waits_most_ends),
        cmocka_unit_test(many_streams_share_the_credit_of_their_circuit),
        cmocka_unit_test(a_share_that_shrinks_stops_nobody),
        cmocka_unit_test(a_sendme_must_show_the_right_tag),
        cmocka_unit_test(each_tag_hangs_on_bytes_that_nobody_knows),
        cmocka_unit_test(version_1_may_be_required),
        cmocka_unit_test(we_answer_each_hundredth_cell_with_its_tag),
        cmocka_unit_test(a_stream_is_answered_when_the_destination_has_taken_it),
        cmocka_unit_test(empty_data_is_answered_at_once),
        cmocka_unit_test(an_origin_that_exceeds_a_streams_window_loses_its_circuit),
        cmocka_unit_test(cells_and_chunks_for_one_half_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
