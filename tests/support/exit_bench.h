/* exit_bench - a relay of two connection threads that is an exit: an origin's circuit ends on one of them, the edges of its
 * streams are on both, and the test plays the destinations. */
#ifndef LOOM_SUPPORT_EXIT_BENCH_H
#define LOOM_SUPPORT_EXIT_BENCH_H

#include "core/circuit_edge.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/stream_messages.h"

#define CIRC   0x80000001u
#define STREAM 7u

struct exit_bench {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity origin_id, next_id;
    struct bench_peer origin;
    struct bench_circuit c;
    station_id edge_station; /* where the last stream's edge is */
    edge_id edge;
};

static inline void exit_here(struct relay_config *config) {
    config->is_exit = true;
}

/* Parameters of a consensus for both threads. */
static inline void exit_set_params(struct exit_bench *f, const struct consensus_params *params) {
    struct relay_entry known[2] = {{.rsa_id = {0}}};
    memcpy(known[0].rsa_id, f->origin_id.credentials.rsa_id, 20);
    memcpy(known[1].rsa_id, f->next_id.credentials.rsa_id, 20);
    struct consensus_view *view = consensus_view_new(&f->memory.memory, params, known, COUNT(known));
    assert_non_null(view);
    for (station_id station = 1; station <= 2; station++)
        manager_set_consensus(bench_manager(&f->b, station), f->b.now, view);
    consensus_view_drop(view);
}

/* The origin reads nothing unless the test says so: its link's queue is to hold a whole window. */
static inline void exit_widen_queue(struct exit_bench *f) {
    struct consensus_params params = consensus_params_default;
    params.congestion.cellq_high = params.congestion.cellq_low = 1000;
    exit_set_params(f, &params);
}

static inline void exit_bench_init_with(struct exit_bench *f, void (*adjust)(struct relay_config *config),
                                        bool is_client) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    if (adjust)
        adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->origin_id, f->b.crypt, 2);
    symbolic_identity_make(&f->next_id, f->b.crypt, 3);
    peer_connect(&f->origin, &f->b, is_client ? NULL : &f->origin_id);
    exit_widen_queue(f);
    circuit_open(&f->c, &f->origin, CIRC);
}

static inline void exit_bench_init(struct exit_bench *f) {
    exit_bench_init_with(f, exit_here, false);
}

static inline void exit_bench_fini(struct exit_bench *f) {
    peer_free(&f->origin);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static inline void exit_expect(struct exit_bench *f, uint8_t command, uint16_t stream, const void *data,
                               size_t length) {
    struct relay_message message;
    assert_true(circuit_hear(&f->c, &message));
    assert_int_equal(message.command, command);
    assert_int_equal(message.stream, stream);
    assert_int_equal(message.data.length, length);
    if (length)
        assert_memory_equal(message.data.data, data, length);
}

static inline void exit_expect_end(struct exit_bench *f, uint16_t stream, uint8_t reason) {
    exit_expect(f, RELAY_END, stream, &reason, 1);
}

static inline void exit_expect_destroyed(struct exit_bench *f, uint8_t reason) {
    const struct peer_cell *cell = peer_read(&f->origin);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->body[0], reason);
}

/* A request of either thread. */
static inline bool exit_take_request(struct exit_bench *f, enum fake_kind kind, struct fake_request *out) {
    for (f->edge_station = 1; f->edge_station <= 2; f->edge_station++) {
        if (fake_take(&f->b.ports[f->edge_station], kind, out))
            return true;
    }
    return false;
}

static inline struct manager *exit_edge_manager(struct exit_bench *f) {
    return bench_manager(&f->b, f->edge_station);
}

static inline void exit_begin(struct exit_bench *f, uint16_t stream) {
    circuit_tell(&f->c, RELAY_BEGIN, stream, "Example.com:80", 15);
}

/* What a name server says about the question of an edge. */
static inline void exit_resolved(struct exit_bench *f, const struct name_answer *answer) {
    manager_edge_resolved(exit_edge_manager(f), f->b.now, f->edge, answer);
    bench_run(&f->b);
}

static const struct address exit_destination = {ADDRESS_IPV4, {1, 2, 3, 4}};

static inline void exit_take_question(struct exit_bench *f, struct fake_request *out) {
    assert_true(exit_take_request(f, FAKE_EDGE_RESOLVE, out));
    f->edge = out->id;
}

/* The edge that a BEGIN led to: its name is asked for, and its address is connected to. */
static inline void exit_take_edge(struct exit_bench *f) {
    struct fake_request request;
    const struct name_answer answer = {.count = 1, .addresses = {exit_destination}};
    exit_take_question(f, &request);
    assert_string_equal(request.query.host, "example.com");
    exit_resolved(f, &answer);
    assert_true(exit_take_request(f, FAKE_EDGE_CONNECT, &request));
    assert_int_equal(request.id, f->edge);
    assert_true(address_equal(&request.to.address, &exit_destination));
    assert_int_equal(request.to.port, 80);
}

/* The edge that the test plays the destination of. */
static inline void exit_turn_to(struct exit_bench *f, edge_id edge) {
    f->edge = edge;
    f->edge_station = object_station(edge);
}

static inline void exit_connect_edge(struct exit_bench *f) {
    manager_edge_connected(exit_edge_manager(f), f->b.now, f->edge, &exit_destination);
    bench_run(&f->b);
}

static inline void exit_open_stream(struct exit_bench *f, uint16_t stream) {
    exit_begin(f, stream);
    exit_take_edge(f);
    exit_connect_edge(f);
    exit_expect(f, RELAY_CONNECTED, stream, "\1\2\3\4\0\0\0\74", 8);
}

static inline void exit_from_destination(struct exit_bench *f, uint8_t fill, size_t length) {
    uint8_t bytes[EDGE_CREDIT * RELAY_DATA_MAX];
    memset(bytes, fill, length);
    assert_true(length <= manager_edge_room(exit_edge_manager(f), f->edge));
    manager_edge_receive(exit_edge_manager(f), f->b.now, f->edge, bytes, length);
    bench_run(&f->b);
}

/* What waits for the destination, all of it. */
static inline size_t exit_to_destination(struct exit_bench *f, uint8_t *out, size_t room) {
    struct span spans[4];
    size_t sum = 0;
    uint32_t n;
    while ((n = manager_edge_take(exit_edge_manager(f), f->edge, spans, COUNT(spans))) > 0) {
        size_t length = 0;
        for (uint32_t i = 0; i < n; i++) {
            assert_true(sum + length + spans[i].length <= room);
            memcpy(out + sum + length, spans[i].data, spans[i].length);
            length += spans[i].length;
        }
        manager_edge_wrote(exit_edge_manager(f), f->b.now, f->edge, length);
        sum += length;
    }
    bench_run(&f->b);
    return sum;
}

static inline void exit_expect_edge_closed(struct exit_bench *f) {
    struct fake_request request;
    assert_true(exit_take_request(f, FAKE_EDGE_CLOSE, &request));
    assert_int_equal(request.id, f->edge);
}

/* Read count DATA cells; tag_out gets the digest after the last. */
static inline void exit_hear_data(struct exit_bench *f, uint16_t stream, unsigned count,
                                  uint8_t tag_out[static 20]) {
    for (unsigned i = 0; i < count; i++) {
        struct relay_message message;
        assert_true(circuit_hear(&f->c, &message));
        assert_int_equal(message.command, RELAY_DATA);
        assert_int_equal(message.stream, stream);
    }
    f->b.crypt->layer_tag(f->c.backward, tag_out);
}

/* As much as the edge takes, in cells; returns how many. None is so full that it has to be split. */
static inline unsigned exit_push(struct exit_bench *f, unsigned cells_max) {
    unsigned sum = 0;
    while (sum < cells_max && manager_edge_room(exit_edge_manager(f), f->edge) > 0) {
        exit_from_destination(f, 'x', chunk_padded_max(f->c.format));
        sum++;
    }
    return sum;
}

#endif
