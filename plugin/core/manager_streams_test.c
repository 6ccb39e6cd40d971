/* Exit streams: BEGIN to END between a circuit on one thread and an edge on another, with both windows. */
#include "core/circuit_edge.h"
#include "core/flow_window.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/stream_messages.h"

#define CIRC   0x80000001u
#define STREAM 7u

struct fixture {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity origin_id, next_id;
    struct bench_peer origin;
    struct bench_circuit c;
    station_id edge_station; /* where the last stream's edge is */
    edge_id edge;
};

static void exit_here(struct relay_config *config) {
    config->is_exit = true;
}

static void set_up_with(struct fixture *f, void (*adjust)(struct relay_config *config), bool is_client) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    if (adjust)
        adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->origin_id, f->b.crypt, 2);
    symbolic_identity_make(&f->next_id, f->b.crypt, 3);
    peer_connect(&f->origin, &f->b, is_client ? NULL : &f->origin_id);
    circuit_open(&f->c, &f->origin, CIRC);
}

static void set_up(struct fixture *f) {
    set_up_with(f, exit_here, false);
}

static void tear_down(struct fixture *f) {
    peer_free(&f->origin);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static void expect(struct fixture *f, uint8_t command, uint16_t stream, const void *data, size_t length) {
    struct relay_message message;
    assert_true(circuit_hear(&f->c, &message));
    assert_int_equal(message.command, command);
    assert_int_equal(message.stream, stream);
    assert_int_equal(message.data.length, length);
    if (length)
        assert_memory_equal(message.data.data, data, length);
}

static void expect_end(struct fixture *f, uint16_t stream, uint8_t reason) {
    expect(f, RELAY_END, stream, &reason, 1);
}

static void expect_destroyed(struct fixture *f, uint8_t reason) {
    const struct peer_cell *cell = peer_read(&f->origin);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->body[0], reason);
}

/* A request of either thread. */
static bool take_request(struct fixture *f, enum fake_kind kind, struct fake_request *out) {
    for (f->edge_station = 1; f->edge_station <= 2; f->edge_station++) {
        if (fake_take(&f->b.ports[f->edge_station], kind, out))
            return true;
    }
    return false;
}

static struct manager *edge_manager(struct fixture *f) {
    return bench_manager(&f->b, f->edge_station);
}

static void begin(struct fixture *f, uint16_t stream) {
    circuit_tell(&f->c, RELAY_BEGIN, stream, "Example.com:80", 15);
}

/* The edge that a BEGIN led to. */
static void take_edge(struct fixture *f) {
    struct fake_request request;
    assert_true(take_request(f, FAKE_EDGE_OPEN, &request));
    assert_string_equal(request.begin.host, "example.com");
    assert_int_equal(request.begin.port, 80);
    f->edge = request.id;
}

static void connect_edge(struct fixture *f) {
    static const struct address destination = {ADDRESS_IPV4, {1, 2, 3, 4}};
    manager_edge_connected(edge_manager(f), f->b.now, f->edge, &destination);
    bench_run(&f->b);
}

static void open_stream(struct fixture *f, uint16_t stream) {
    begin(f, stream);
    take_edge(f);
    connect_edge(f);
    expect(f, RELAY_CONNECTED, stream, "\1\2\3\4\0\0\0\74", 8);
}

static void from_destination(struct fixture *f, uint8_t fill, size_t length) {
    uint8_t bytes[EDGE_CREDIT * RELAY_DATA_MAX];
    memset(bytes, fill, length);
    assert_true(length <= manager_edge_room(edge_manager(f), f->edge));
    manager_edge_receive(edge_manager(f), f->b.now, f->edge, bytes, length);
    bench_run(&f->b);
}

/* What waits for the destination, all of it. */
static size_t to_destination(struct fixture *f, uint8_t *out, size_t room) {
    struct span spans[4];
    size_t sum = 0;
    uint32_t n;
    while ((n = manager_edge_take(edge_manager(f), f->edge, spans, COUNT(spans))) > 0) {
        size_t length = 0;
        for (uint32_t i = 0; i < n; i++) {
            assert_true(sum + length + spans[i].length <= room);
            memcpy(out + sum + length, spans[i].data, spans[i].length);
            length += spans[i].length;
        }
        manager_edge_wrote(edge_manager(f), f->b.now, f->edge, length);
        sum += length;
    }
    bench_run(&f->b);
    return sum;
}

static void expect_edge_closed(struct fixture *f) {
    struct fake_request request;
    assert_true(take_request(f, FAKE_EDGE_CLOSE, &request));
    assert_int_equal(request.id, f->edge);
}

/* --- stories ------------------------------------------------------------------------------------------------------- */

static void a_stream_goes_both_ways_and_ends(UNUSED void **state) {
    struct fixture f;
    uint8_t got[1000];
    set_up(&f);
    open_stream(&f, STREAM);
    circuit_tell(&f.c, RELAY_DATA, STREAM, "GET / HTTP/1.0", 14);
    assert_int_equal(to_destination(&f, got, sizeof got), 14);
    assert_memory_equal(got, "GET / HTTP/1.0", 14);

    uint8_t filled[RELAY_DATA_MAX];
    memset(filled, 'a', sizeof filled);
    from_destination(&f, 'a', RELAY_DATA_MAX + 2);
    expect(&f, RELAY_DATA, STREAM, filled, RELAY_DATA_MAX);
    expect(&f, RELAY_DATA, STREAM, "aa", 2);
    from_destination(&f, 'b', 3);
    manager_edge_closed(edge_manager(&f), f.b.now, f.edge, END_DONE);
    bench_run(&f.b);
    expect(&f, RELAY_DATA, STREAM, "bbb", 3);
    expect_end(&f, STREAM, END_DONE); /* behind the last data */
    open_stream(&f, STREAM);          /* the id is free again */
    tear_down(&f);
}

static void the_origin_ends_a_stream_when_its_data_is_written(UNUSED void **state) {
    struct fixture f;
    struct fake_request request;
    uint8_t got[10];
    set_up(&f);
    open_stream(&f, STREAM);
    circuit_tell(&f.c, RELAY_DATA, STREAM, "last", 4);
    circuit_tell(&f.c, RELAY_END, STREAM, "\6", 1);
    assert_false(take_request(&f, FAKE_EDGE_CLOSE, &request));
    assert_true(take_request(&f, FAKE_EDGE_WRITE, &request));
    assert_int_equal(to_destination(&f, got, sizeof got), 4);
    expect_edge_closed(&f);
    assert_null(peer_read(&f.origin));
    circuit_tell(&f.c, RELAY_DATA, STREAM, "late", 4); /* half-closed: ignored */
    circuit_tell(&f.c, RELAY_END, STREAM, "", 0);
    circuit_tell(&f.c, RELAY_SENDME, STREAM, "", 0);
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void optimistic_data_waits_for_the_connection(UNUSED void **state) {
    struct fixture f;
    uint8_t got[10];
    struct fake_request request;
    set_up(&f);
    begin(&f, STREAM);
    circuit_tell(&f.c, RELAY_DATA, STREAM, "early", 5);
    take_edge(&f);
    assert_false(take_request(&f, FAKE_EDGE_WRITE, &request));
    f.edge_station = object_station(f.edge);
    assert_int_equal(manager_edge_room(edge_manager(&f), f.edge), 0);
    connect_edge(&f);
    assert_true(take_request(&f, FAKE_EDGE_WRITE, &request));
    assert_int_equal(to_destination(&f, got, sizeof got), 5);
    tear_down(&f);
}

static void a_stream_that_ends_before_it_is_connected_leaves_no_edge(UNUSED void **state) {
    for (unsigned has_data = 0; has_data < 2; has_data++) {
        struct fixture f;
        uint8_t got[10];
        set_up(&f);
        begin(&f, STREAM);
        take_edge(&f);
        if (has_data)
            circuit_tell(&f.c, RELAY_DATA, STREAM, "early", 5);
        circuit_tell(&f.c, RELAY_END, STREAM, "\6", 1);
        f.edge_station = object_station(f.edge);
        if (has_data) {
            connect_edge(&f);
            assert_int_equal(to_destination(&f, got, sizeof got), 5);
        }
        expect_edge_closed(&f);
        connect_edge(&f); /* it may have been on its way: ignored */
        assert_null(peer_read(&f.origin));
        tear_down(&f);
    }
}

static void a_destination_that_cannot_be_reached_is_an_end(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    begin(&f, STREAM);
    take_edge(&f);
    manager_edge_closed(edge_manager(&f), f.b.now, f.edge, END_CONNECTREFUSED);
    bench_run(&f.b);
    expect_end(&f, STREAM, END_CONNECTREFUSED);
    tear_down(&f);
}

static void a_circuit_takes_its_streams_with_it(UNUSED void **state) {
    for (unsigned is_connected = 0; is_connected < 2; is_connected++) {
        struct fixture f;
        set_up(&f);
        if (is_connected)
            open_stream(&f, STREAM);
        else
            begin(&f, STREAM);
        peer_send(&f.origin, CIRC, CELL_DESTROY, "", 0);
        if (!is_connected)
            take_edge(&f);
        expect_edge_closed(&f);
        manager_edge_receive(edge_manager(&f), f.b.now, f.edge, NULL, 0);
        manager_edge_closed(edge_manager(&f), f.b.now, f.edge, END_DONE); /* stale: ignored */
        bench_run(&f.b);
        assert_null(peer_read(&f.origin));
        tear_down(&f);
    }
}

/* --- refusals ------------------------------------------------------------------------------------------------------ */

static void a_middle_refuses_streams(UNUSED void **state) {
    struct fixture f;
    set_up_with(&f, NULL, false);
    begin(&f, STREAM);
    expect_end(&f, STREAM, END_EXITPOLICY);
    circuit_tell(&f.c, RELAY_BEGIN_DIR, STREAM, "", 0);
    expect_end(&f, STREAM, END_NOTDIRECTORY);
    circuit_tell(&f.c, RELAY_RESOLVE, STREAM, "a.com", 6);
    expect_end(&f, STREAM, END_EXITPOLICY);
    tear_down(&f);
}

static void a_client_may_not_use_us_as_its_only_hop(UNUSED void **state) {
    struct fixture f;
    set_up_with(&f, exit_here, true);
    begin(&f, STREAM);
    expect_end(&f, STREAM, END_TORPROTOCOL);
    tear_down(&f);
}

static void an_unlisted_relay_may_not_be_before_us(UNUSED void **state) {
    for (unsigned is_listed = 0; is_listed < 2; is_listed++) {
        struct fixture f;
        set_up(&f);
        struct relay_entry entry = {.rsa_id = {0}};
        memcpy(entry.rsa_id, f.origin_id.credentials.rsa_id, 20);
        struct consensus_view *view =
            consensus_view_new(&f.memory.memory, &consensus_params_default, &entry, is_listed);
        manager_set_consensus(bench_manager(&f.b, f.origin.station), f.b.now, view);
        consensus_view_drop(view);
        if (is_listed) {
            open_stream(&f, STREAM);
        } else {
            begin(&f, STREAM);
            expect_end(&f, STREAM, END_TORPROTOCOL);
        }
        tear_down(&f);
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
        struct fixture f;
        set_up(&f);
        open_stream(&f, STREAM);
        circuit_tell(&f.c, cases[i].command, cases[i].stream, cases[i].data, cases[i].length);
        expect_destroyed(&f, DESTROY_PROTOCOL);
        expect_edge_closed(&f);
        tear_down(&f);
    }
}

static void a_begin_that_cannot_be_read_is_an_end(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    circuit_tell(&f.c, RELAY_BEGIN, STREAM, "no port", 8);
    expect_end(&f, STREAM, END_TORPROTOCOL);
    circuit_tell(&f.c, RELAY_DROP, STREAM, "", 0); /* the circuit lives, and padding is ignored */
    circuit_tell(&f.c, 99, STREAM, "", 0);
    open_stream(&f, STREAM);
    tear_down(&f);
}

static void streams_of_a_circuit_have_a_limit(UNUSED void **state) {
    struct fixture f;
    struct fake_request request;
    set_up(&f);
    for (uint16_t id = 1; id <= 1000;
         id++) { /* circuits_max_per_manager of the bench, which bounds edges too */
        begin(&f, id);
        assert_true(take_request(&f, FAKE_EDGE_OPEN, &request));
    }
    begin(&f, 1001);
    expect_end(&f, 1001, END_RESOURCELIMIT);
    tear_down(&f);
}

/* --- windows towards the origin ------------------------------------------------------------------------------------- */

/* Read count DATA cells; tag_out gets the digest after the last. */
static void hear_data(struct fixture *f, uint16_t stream, unsigned count, uint8_t tag_out[static 20]) {
    for (unsigned i = 0; i < count; i++) {
        struct relay_message message;
        assert_true(circuit_hear(&f->c, &message));
        assert_int_equal(message.command, RELAY_DATA);
        assert_int_equal(message.stream, stream);
    }
    f->b.crypt->layer_tag(f->c.backward, tag_out);
}

/* As much as the edge takes, in cells; returns how many. None is so full that it has to be split. */
static unsigned push(struct fixture *f, unsigned cells_max) {
    unsigned sum = 0;
    while (sum < cells_max && manager_edge_room(edge_manager(f), f->edge) > 0) {
        from_destination(f, 'x', CHUNK_PADDED_MAX);
        sum++;
    }
    return sum;
}

static void tell_circuit_sendme(struct fixture *f, const uint8_t tag[static 20]) {
    uint8_t body[23] = {1, 0, 20};
    memcpy(body + 3, tag, 20);
    circuit_tell(&f->c, RELAY_SENDME, 0, body, sizeof body);
}

static void a_streams_window_holds_the_destination(UNUSED void **state) {
    struct fixture f;
    struct fake_request request;
    uint8_t tag[20];
    set_up(&f);
    open_stream(&f, STREAM);
    unsigned pushed = push(&f, 5000);
    assert_in_range(pushed, 500, 500 + EDGE_CREDIT); /* what waits is bounded by the edge's credit */
    assert_true(take_request(&f, FAKE_EDGE_PAUSE, &request));
    f.edge_station = object_station(f.edge);
    hear_data(&f, STREAM, 500, tag);
    assert_null(peer_read(&f.origin));
    circuit_tell(&f.c, RELAY_SENDME, STREAM, "", 0);
    hear_data(&f, STREAM, 50, tag);
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void a_destination_is_read_again_when_credit_comes(UNUSED void **state) {
    struct fixture f;
    struct fake_request request;
    uint8_t tag[20];
    set_up(&f);
    open_stream(&f, STREAM);
    from_destination(&f, 'x', manager_edge_room(edge_manager(&f), f.edge));
    assert_true(take_request(&f, FAKE_EDGE_PAUSE, &request));
    assert_true(take_request(&f, FAKE_EDGE_RESUME, &request)); /* the half has packaged them by now */
    assert_int_equal(request.id, f.edge);
    assert_int_equal(manager_edge_room(edge_manager(&f), f.edge),
                     (EDGE_CREDIT - 1) * RELAY_DATA_MAX + CHUNK_PADDED_MAX);
    hear_data(&f, STREAM, EDGE_CREDIT, tag);
    tear_down(&f);
}

static void few_cells(struct relay_config *config) {
    config->is_exit = true;
    config->cells_max_per_manager = 40;
}

/* The last cells of a pool are for what must not fail; what was cut before they began goes on to the origin. */
static void without_cells_a_stream_ends_behind_what_came(UNUSED void **state) {
    struct fixture f;
    struct relay_message message;
    set_up_with(&f, few_cells, false);
    open_stream(&f, STREAM);
    from_destination(&f, 'x', 100 * RELAY_DATA_MAX);
    expect_edge_closed(&f);
    unsigned cells = 0;
    while (circuit_hear(&f.c, &message) && message.command == RELAY_DATA)
        cells++;
    assert_in_range(cells, 30, 40);
    assert_int_equal(message.command, RELAY_END);
    assert_int_equal(message.data.data[0], END_RESOURCELIMIT);
    tear_down(&f);
}

/* The origin's thread gives an edge's cells back, which wakes nobody: they are fetched before a stream ends for want of
 * them. */
static void cells_on_their_way_home_are_not_missing(UNUSED void **state) {
    struct fixture f;
    uint8_t tag[20];
    set_up_with(&f, few_cells, false);
    open_stream(&f, STREAM);
    assert_int_not_equal(f.edge_station, f.origin.station);
    for (unsigned i = 0; i < 2; i++) {
        from_destination(&f, 'x', 30 * RELAY_DATA_MAX);
        hear_data(&f, STREAM, 30, tag);
    }
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void a_circuits_window_is_shared_in_turn(UNUSED void **state) {
    struct fixture f;
    uint8_t tags[10][20], tag[20];
    edge_id edges[3];
    set_up(&f);
    for (uint16_t i = 0; i < 3; i++) {
        open_stream(&f, (uint16_t)(i + 1));
        edges[i] = f.edge;
    }
    for (unsigned i = 0; i < 2; i++) {
        f.edge = edges[i];
        f.edge_station = object_station(f.edge);
        assert_true(push(&f, 500) == 500);
        for (unsigned n = 0; n < 5; n++)
            hear_data(&f, (uint16_t)(i + 1), 100, tags[i * 5 + n]);
    }
    f.edge = edges[2];
    f.edge_station = object_station(f.edge);
    assert_int_equal(push(&f, 1000), EDGE_CREDIT); /* none of them leaves */
    assert_null(peer_read(&f.origin));
    manager_edge_closed(edge_manager(&f), f.b.now, f.edge, END_DONE);
    bench_run(&f.b);
    tell_circuit_sendme(&f, tags[0]);
    hear_data(&f, 3, 100, tag);
    tell_circuit_sendme(&f, tags[1]);
    hear_data(&f, 3, EDGE_CREDIT - 100, tag);
    expect_end(&f, 3, END_DONE);
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void a_sendme_must_show_the_right_tag(UNUSED void **state) {
    for (unsigned fault = 0; fault < 4; fault++) {
        struct fixture f;
        uint8_t tag[20], later[20];
        set_up(&f);
        open_stream(&f, STREAM);
        assert_int_equal(push(&f, 250), 250);
        hear_data(&f, STREAM, 100, tag);
        hear_data(&f, STREAM, 100, later);
        if (fault == 1)
            tag[19] ^= 1;
        if (fault == 3)
            circuit_tell(&f.c, RELAY_SENDME, 0, "", 0); /* version 0 has none, and is accepted by default */
        else
            tell_circuit_sendme(&f, fault == 2 ? later : tag); /* in order */
        hear_data(&f, STREAM, 50, later);
        if (fault == 1 || fault == 2)
            expect_destroyed(&f, DESTROY_PROTOCOL);
        else
            assert_null(peer_read(&f.origin));
        tear_down(&f);
    }
}

/* Read all cells of a download; padded_out says which have random padding. */
static unsigned hear_download(struct fixture *f, bool *padded_out, size_t *bytes_out) {
    static const uint8_t zeros[CHUNK_PADDING];
    struct relay_message message;
    unsigned cells = 0;
    while (circuit_hear(&f->c, &message)) {
        assert_int_equal(message.command, RELAY_DATA);
        size_t length = message.data.length;
        padded_out[cells++] = length <= CHUNK_PADDED_MAX &&
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
        struct fixture f;
        bool padded[500] = {false};
        size_t bytes = 0, sent = 0;
        set_up(&f);
        open_stream(&f, STREAM);
        while (sent < 400 * (RELAY_DATA_MAX - 3)) {
            from_destination(&f, 'x', cases[i].read);
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
        tear_down(&f);
    }
}

static void version_1_may_be_required(UNUSED void **state) {
    struct fixture f;
    uint8_t tag[20];
    set_up(&f);
    struct consensus_params params = consensus_params_default;
    params.sendme_accept_min_version = 1;
    struct consensus_view *view = consensus_view_new(&f.memory.memory, &params, NULL, 0);
    f.b.config.require_known_previous_hop = false; /* nobody is listed */
    open_stream(&f, STREAM);
    manager_set_consensus(bench_manager(&f.b, f.origin.station), f.b.now, view);
    consensus_view_drop(view);
    assert_int_equal(push(&f, 100), 100);
    hear_data(&f, STREAM, 100, tag);
    circuit_tell(&f.c, RELAY_SENDME, 0, "", 0);
    expect_destroyed(&f, DESTROY_PROTOCOL);
    tear_down(&f);
}

/* --- windows away from the origin ----------------------------------------------------------------------------------- */

static void we_answer_each_hundredth_cell_with_its_tag(UNUSED void **state) {
    struct fixture f;
    uint8_t expected[23] = {1, 0, 20};
    set_up(&f);
    for (unsigned i = 1; i <= 250; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "x", 1); /* counts without a stream too */
        if (i % 100)
            continue;
        f.b.crypt->layer_tag(f.c.forward, expected + 3);
        expect(&f, RELAY_SENDME, 0, expected, sizeof expected);
    }
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

static void a_stream_is_answered_when_the_destination_has_taken_it(UNUSED void **state) {
    struct fixture f;
    struct relay_message message;
    static uint8_t got[600 * RELAY_DATA_MAX];
    set_up(&f);
    open_stream(&f, STREAM);
    for (unsigned i = 1; i <= 500; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "12", 2);
        if (i % 100 == 0)
            assert_true(circuit_hear(&f.c, &message) && message.stream == 0);
    }
    assert_null(peer_read(&f.origin)); /* the destination does not read */
    assert_int_equal(to_destination(&f, got, sizeof got), 1000);
    for (unsigned i = 0; i < 10; i++)
        expect(&f, RELAY_SENDME, STREAM, NULL, 0);
    assert_null(peer_read(&f.origin));
    tear_down(&f);
}

/* The origin counts them too: they must not use up its window. */
static void empty_data_is_answered_at_once(UNUSED void **state) {
    struct fixture f;
    struct relay_message message;
    struct fake_request request;
    set_up(&f);
    open_stream(&f, STREAM);
    for (unsigned i = 1; i <= 1000; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "", 0);
        if (i % STREAM_WINDOW_INCREMENT == 0) {
            if (i % CIRCUIT_WINDOW_INCREMENT == 0)
                assert_true(circuit_hear(&f.c, &message) && message.stream == 0);
            expect(&f, RELAY_SENDME, STREAM, NULL, 0);
        }
    }
    assert_null(peer_read(&f.origin));
    assert_false(take_request(&f, FAKE_EDGE_WRITE, &request));
    tear_down(&f);
}

static void an_origin_that_exceeds_a_streams_window_loses_its_circuit(UNUSED void **state) {
    struct fixture f;
    struct relay_message message;
    set_up(&f);
    open_stream(&f, STREAM);
    for (unsigned i = 1; i <= 500; i++) {
        circuit_tell(&f.c, RELAY_DATA, STREAM, "12", 2);
        if (i % 100 == 0)
            assert_true(circuit_hear(&f.c, &message));
    }
    circuit_tell(&f.c, RELAY_DATA, STREAM, "12", 2);
    expect_destroyed(&f, DESTROY_PROTOCOL);
    tear_down(&f);
}

/* --- a circuit that both ends here and goes on ---------------------------------------------------------------------- */

/* Cells from the next hop and chunks from an edge, of the same thread, reach the half in one batch. */
static void cells_and_chunks_for_one_half_are_told_apart(UNUSED void **state) {
    struct fixture f;
    struct bench_peer next;
    struct fake_request dial;
    struct relay_message message;
    uint8_t created[CELL_BODY_LEN] = {0, 10}, wire[CELL_LEN];
    set_up(&f);
    peer_init(&next, &f.b, &f.next_id);
    circuit_extend(&f.c, &f.next_id, 1);
    assert_true(fake_take(&f.b.ports[2], FAKE_DIAL, &dial));
    assert_int_equal(peer_answer(&next, 2, dial.id), ERR_OK);
    peer_shake_hands(&next);
    uint32_t id = peer_read(&next)->circ_id;
    peer_send(&next, id, CELL_CREATED2, created, sizeof created);
    expect(&f, RELAY_EXTENDED2, 0, created, 12);
    open_stream(&f, STREAM);
    if (f.edge_station != 2) /* edges go round the threads */
        open_stream(&f, STREAM + 1);

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
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_goes_both_ways_and_ends),
        cmocka_unit_test(the_origin_ends_a_stream_when_its_data_is_written),
        cmocka_unit_test(optimistic_data_waits_for_the_connection),
        cmocka_unit_test(a_stream_that_ends_before_it_is_connected_leaves_no_edge),
        cmocka_unit_test(a_destination_that_cannot_be_reached_is_an_end),
        cmocka_unit_test(a_circuit_takes_its_streams_with_it),
        cmocka_unit_test(a_middle_refuses_streams),
        cmocka_unit_test(a_client_may_not_use_us_as_its_only_hop),
        cmocka_unit_test(an_unlisted_relay_may_not_be_before_us),
        cmocka_unit_test(stream_messages_that_break_the_protocol_end_the_circuit),
        cmocka_unit_test(a_begin_that_cannot_be_read_is_an_end),
        cmocka_unit_test(streams_of_a_circuit_have_a_limit),
        cmocka_unit_test(a_streams_window_holds_the_destination),
        cmocka_unit_test(a_destination_is_read_again_when_credit_comes),
        cmocka_unit_test(without_cells_a_stream_ends_behind_what_came),
        cmocka_unit_test(cells_on_their_way_home_are_not_missing),
        cmocka_unit_test(a_circuits_window_is_shared_in_turn),
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
