/* Exit streams towards the origin: their windows, turns, and the credit of their edges. */
#include "core/manager_exit_state.h"
#include "support/exit_bench.h"

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
        exit_turn_to(&f, edges[i]);
        assert_true(exit_push(&f, 500) == 500);
        for (unsigned n = 0; n < 5; n++)
            exit_hear_data(&f, (uint16_t)(i + 1), 100, tags[i * 5 + n]);
    }
    exit_turn_to(&f, edges[2]);
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
        exit_turn_to(&f, edges[i]);
        assert_int_equal(exit_push(&f, 500), i < 3 ? 500 : EDGE_CREDIT);
        for (unsigned n = 0; n < 5 && i < 3; n++)
            exit_hear_data(&f, i, 100, tags[(i - 1) * 5 + n]);
    }
    assert_null(peer_read(&f.origin));
    tell_circuit_sendme(&f, tags[0]);
    for (unsigned n = 0; n < 100; n++) {
        assert_true(circuit_hear(&f.c, &message));
        assert_int_equal(message.stream, 3 + turn / STREAM_TURN_CELLS % 2);
        heard[message.stream]++;
        turn++;
    }
    assert_null(peer_read(&f.origin));
    assert_in_range(heard[3], 50 - STREAM_TURN_CELLS, 50 + STREAM_TURN_CELLS);
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

/* --- who waits for the circuit ---------------------------------------------------------------------------------------- */

static struct half *half_of_circuit(struct exit_bench *f) {
    struct manager *m = bench_manager(&f->b, f->origin.station);
    struct half *half = table_get(&manager_link(m, f->origin.link)->circuits, CIRC);
    assert_non_null(half);
    return half;
}

static void set_queue_bounds(struct exit_bench *f, int32_t low, int32_t high) {
    struct consensus_params params = consensus_params_default;
    params.congestion.cellq_low = low;
    params.congestion.cellq_high = high;
    exit_set_params(f, &params);
}

/* Two streams; cells of the first fill the link's queue, and more of it wait. */
static void fill_queue(struct exit_bench *f, edge_id edges[static 3]) {
    exit_bench_init(f);
    for (uint16_t i = 1; i < 3; i++) {
        exit_open_stream(f, i);
        edges[i] = f->edge;
    }
    set_queue_bounds(f, 10, 50);
    exit_turn_to(f, edges[1]);
    assert_true(exit_push(f, 100) > 60);
}

/* The link has taken enough, but the streams that wait have not been called yet. */
static void make_room_in_queue(struct exit_bench *f) {
    set_queue_bounds(f, 60, 1000);
    manager_streams_taken(bench_manager(&f->b, f->origin.station), half_of_circuit(f));
    assert_false(half_of_circuit(f)->exit->is_queue_full);
}

static void expect_turns(struct exit_bench *f, unsigned cells_before) {
    struct relay_message message;
    for (unsigned n = 0; n < cells_before; n++) {
        assert_true(circuit_hear(&f->c, &message));
        assert_int_equal(message.stream, 1);
    }
    for (unsigned n = 0; n < 4 * STREAM_TURN_CELLS; n++) {
        assert_true(circuit_hear(&f->c, &message));
        assert_int_equal(message.stream, 1 + n / STREAM_TURN_CELLS % 2);
    }
}

static void who_comes_while_others_wait_waits_behind_them(UNUSED void **state) {
    struct exit_bench f;
    edge_id edges[3];
    fill_queue(&f, edges);
    make_room_in_queue(&f);
    exit_turn_to(&f, edges[2]);
    assert_int_equal(exit_push(&f, 10), 10);
    assert_int_equal(half_of_circuit(&f)->circuit.queue.count,
                     50); /* none of them has gone before the first's */
    manager_streams_resume(bench_manager(&f.b, f.origin.station), f.b.now);
    expect_turns(&f, 50);
    exit_bench_fini(&f);
}

static void a_stream_sendme_does_not_overtake_either(UNUSED void **state) {
    struct exit_bench f;
    edge_id edges[3];
    uint8_t tags[5][20];
    exit_bench_init(&f);
    for (uint16_t i = 1; i < 3; i++) {
        exit_open_stream(&f, i);
        edges[i] = f.edge;
    }
    exit_turn_to(&f, edges[2]); /* its window is used up, and ten cells wait for a SENDME of the stream */
    assert_int_equal(exit_push(&f, 510), 510);
    for (unsigned i = 0; i < 5; i++)
        exit_hear_data(&f, 2, 100, tags[i]);
    set_queue_bounds(&f, 10, 50);
    exit_turn_to(&f, edges[1]);
    assert_true(exit_push(&f, 100) > 60);
    make_room_in_queue(&f);
    circuit_tell(&f.c, RELAY_SENDME, 2, "", 0);
    assert_int_equal(half_of_circuit(&f)->circuit.queue.count, 50);
    manager_streams_resume(bench_manager(&f.b, f.origin.station), f.b.now);
    expect_turns(&f, 50);
    exit_bench_fini(&f);
}

static void who_comes_while_nobody_waits_goes_at_once(UNUSED void **state) {
    struct exit_bench f;
    edge_id edges[3];
    fill_queue(&f, edges);
    make_room_in_queue(&f);
    manager_streams_resume(bench_manager(&f.b, f.origin.station), f.b.now);
    uint32_t before = half_of_circuit(&f)->circuit.queue.count;
    assert_true(list_is_empty(&half_of_circuit(&f)->exit->blocked));
    exit_turn_to(&f, edges[2]);
    assert_int_equal(exit_push(&f, 3), 3);
    assert_int_equal(half_of_circuit(&f)->circuit.queue.count, before + 3);
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
        exit_turn_to(&f, edges[i]);
        assert_int_equal(exit_push(&f, i == 2 ? 500 : 430), i == 2 ? 500 : 430);
        exit_hear_data(&f, i, 100, tags[i]);
        exit_hear_data(&f, i, i == 2 ? 400 : 330, tags[0]);
    }
    for (uint16_t i = 4; i < 200; i++)
        exit_open_stream(&f, i);
    while (exit_take_request(&f, FAKE_EDGE_PAUSE, &request) ||
           exit_take_request(&f, FAKE_EDGE_RESUME, &request))
        continue;
    exit_turn_to(&f, edges[1]);
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
        cmocka_unit_test(a_circuits_window_is_shared_in_turn),
        cmocka_unit_test(a_circuits_window_goes_round),
        cmocka_unit_test(a_sendme_must_show_the_right_tag),
        cmocka_unit_test(each_tag_hangs_on_bytes_that_nobody_knows),
        cmocka_unit_test(version_1_may_be_required),
        cmocka_unit_test(who_comes_while_others_wait_waits_behind_them),
        cmocka_unit_test(a_stream_sendme_does_not_overtake_either),
        cmocka_unit_test(who_comes_while_nobody_waits_goes_at_once),
        cmocka_unit_test(many_streams_share_the_credit_of_their_circuit),
        cmocka_unit_test(a_share_that_shrinks_stops_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
