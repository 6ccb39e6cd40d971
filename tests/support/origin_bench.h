/* origin_bench - a circuit of an origin without a link: the test takes its cells, and plays the relays at its far end. */
#ifndef LOOM_SUPPORT_ORIGIN_BENCH_H
#define LOOM_SUPPORT_ORIGIN_BENCH_H

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "origin/origin.h"
#include "support/far_end.h"

struct origin_bench {
    struct memory memory;
    size_t live_bytes;
    uint64_t allocations_left; /* further ones fail */
    struct symbolic symbolic;
    struct origin *origin;
    struct origin_outlet outlet;
    struct origin_circuit *circuit; /* NULL when it is freed */
    struct far_end far;
    bool is_silent;   /* the relays answer nothing by themselves */
    uint8_t asks_cgo; /* a bit for each hop: to be asked for congestion control and CGO, which it grants */
    /* what the relays have heard */
    unsigned heard[256]; /* by relay command */
    unsigned cells[256]; /* by cell command */
    unsigned unrecognized;
    int heard_at; /* the last: hop, */
    uint16_t heard_stream;
    uint8_t heard_data[RELAY_DATA_MAX]; /* and data */
    size_t heard_length;
    uint8_t destroy_reason;
    /* what the user was told */
    unsigned told[16];         /* by kind of event */
    struct origin_event event; /* the last */
    uint64_t data_bytes;
};

static inline void *bench_allocate(void *context, size_t size) {
    struct origin_bench *b = context;
    if (b->allocations_left == 0)
        return NULL;
    b->allocations_left--;
    b->live_bytes += size;
    return calloc(1, size);
}

static inline void bench_release(void *context, void *object, size_t size) {
    struct origin_bench *b = context;
    if (!object)
        return;
    CHECK(b->live_bytes >= size);
    b->live_bytes -= size;
    free(object);
}

/* An origin with this many cells in its pool (0: the default), without a circuit. */
static inline void origin_bench_init(struct origin_bench *b, uint32_t cells_max) {
    *b = (struct origin_bench){.allocations_left = UINT64_MAX};
    b->memory = (struct memory){bench_allocate, bench_release, b};
    far_end_init(&b->far);
    struct origin_config config;
    origin_config_default(&config);
    config.memory = &b->memory;
    config.crypt = symbolic_provider(&b->symbolic, 5);
    config.seed = 9;
    if (cells_max > 0)
        config.cells_max = cells_max;
    b->origin = origin_new(&config);
    CHECK(b->origin);
    origin_outlet_init(&b->outlet, b->origin);
}

/* Everything is given back. */
static inline void origin_bench_fini(struct origin_bench *b) {
    if (b->circuit)
        origin_circuit_free(b->circuit, 0, DESTROY_NONE);
    struct cell *cell;
    while (!list_is_empty(&b->outlet.writable)) {
        struct origin_path *path = LIST_ENTRY(b->outlet.writable.next, struct origin_path, writable);
        if (origin_circuit_take(LIST_ENTRY(path, struct origin_circuit, path), &cell, 1) == 1)
            cell_pool_put(&b->origin->cells, cell);
    }
    origin_outlet_fini(&b->outlet);
    origin_free(b->origin);
    CHECK(b->live_bytes == 0);
}

static inline void origin_bench_target(const struct origin_bench *b, unsigned hop,
                                       struct origin_target *out) {
    const struct symbolic_identity *id = &b->far.identities[hop];
    *out = (struct origin_target){.has_ed_id = true, .ipv4 = id->credentials.advertised[0]};
    memcpy(out->rsa_id, id->credentials.rsa_id, RSA_ID_LEN);
    memcpy(out->ed_id, id->credentials.ed_id, ED_ID_LEN);
    memcpy(out->onion_key, id->ntor.onion[0].public, 32);
    if (b->asks_cgo >> hop & 1) {
        out->handshake = ORIGIN_HANDSHAKE_NTOR_V3;
        out->request = (struct handshake_request){.wants_congestion_control = true, .wants_cgo = true};
    }
}

/* A cell comes for the circuit. */
static inline void origin_bench_cell(struct origin_bench *b, uint8_t command,
                                     const uint8_t body[static CELL_BODY_LEN]) {
    struct cell_view view = {b->circuit->path.circ_id, command, CELL_BODY_LEN, body};
    origin_circuit_receive(b->circuit, 0, &view, 1);
}

/* A hop says something. */
static inline void origin_bench_say(struct origin_bench *b, unsigned hop, uint8_t command, uint16_t stream,
                                    const void *data, size_t length) {
    uint8_t body[CELL_BODY_LEN];
    far_end_say(&b->far, hop, command, stream, (struct span){data, length}, body);
    origin_bench_cell(b, CELL_RELAY, body);
}

static inline void bench_answer_extend(struct origin_bench *b, struct span data) {
    struct extend2_message extend;
    struct job_result result;
    uint8_t room[RELAY_DATA_MAX];
    struct bytes_out out = bytes_out(room, sizeof room);
    CHECK(extend2_decode(data, &extend) == ERR_OK);
    unsigned at = b->far.hop_count - 1;
    if (b->far.hop_count == FAR_HOPS_MAX || far_end_answer_create2(&b->far, &extend.create, &result))
        return; /* the script of a fuzzer asks for what the relays cannot do */
    created2_encode(&out, (struct span){result.reply, result.reply_length});
    origin_bench_say(b, at, RELAY_EXTENDED2, 0, room, bytes_written(&out));
}

static inline void bench_hear(struct origin_bench *b, struct cell *cell) {
    struct relay_message m;
    b->heard_at = far_end_hear(&b->far, cell->command, cell->body, &m);
    if (b->heard_at == FAR_NOBODY) {
        b->unrecognized++;
        return;
    }
    b->heard[m.command]++;
    b->heard_stream = m.stream;
    b->heard_length = m.data.length;
    if (m.data.length > 0)
        memcpy(b->heard_data, m.data.data, m.data.length);
    if (m.command == RELAY_EXTEND2 && !b->is_silent)
        bench_answer_extend(b, m.data);
}

static inline void bench_created(struct origin_bench *b, const uint8_t *create) {
    uint8_t body[CELL_BODY_LEN];
    if (!b->is_silent && far_end_create(&b->far, create, body) == ERR_OK)
        origin_bench_cell(b, CELL_CREATED2, body);
}

/* The relays take what the circuit has for them, at most max cells, and answer; returns how many. */
static inline unsigned origin_bench_turn(struct origin_bench *b, unsigned max) {
    unsigned taken = 0;
    struct cell *cell;
    while (taken < max && !list_is_empty(&b->outlet.writable)) {
        struct origin_path *path = LIST_ENTRY(b->outlet.writable.next, struct origin_path, writable);
        if (origin_circuit_take(LIST_ENTRY(path, struct origin_circuit, path), &cell, 1) == 0)
            break;
        taken++;
        b->cells[cell->command]++;
        if (cell->command == CELL_DESTROY)
            b->destroy_reason = cell->body[0];
        else if (cell->command == CELL_CREATE2)
            bench_created(b, cell->body);
        else if (b->circuit)
            bench_hear(b, cell);
        cell_pool_put(&b->origin->cells, cell);
        origin_stream_feed(b->origin);
    }
    return taken;
}

/* Listen to at most max events. */
static inline void origin_bench_listen(struct origin_bench *b, unsigned max) {
    struct origin_event event;
    while (max-- > 0 && origin_next_event(b->origin, 0, &event)) {
        b->told[event.kind]++;
        b->event = event;
        b->data_bytes += event.data.length;
    }
}

/* Build a circuit of so many hops. */
static inline void origin_bench_build(struct origin_bench *b, unsigned hops) {
    struct origin_target target;
    origin_bench_target(b, 0, &target);
    b->circuit = origin_circuit_new(b->origin, &b->outlet, 0, &target);
    CHECK(b->circuit);
    origin_bench_turn(b, UINT32_MAX);
    origin_bench_listen(b, UINT32_MAX);
    for (unsigned i = 1; i < hops; i++) {
        origin_bench_target(b, i, &target);
        CHECK(origin_circuit_extend(b->circuit, 0, &target) == ERR_OK);
        origin_bench_turn(b, UINT32_MAX);
        origin_bench_listen(b, UINT32_MAX);
    }
    CHECK(b->circuit->path.hop_count == hops);
}

/* Begin a stream; the last hop says CONNECTED. */
static inline struct origin_stream *origin_bench_begin(struct origin_bench *b) {
    static const struct begin_message to = {.host = "server.test", .port = 80};
    struct origin_stream *s = origin_circuit_begin(b->circuit, 0, &to);
    CHECK(s);
    origin_bench_turn(b, UINT32_MAX);
    origin_bench_say(b, b->far.hop_count - 1, RELAY_CONNECTED, s->id, NULL, 0);
    origin_bench_listen(b, UINT32_MAX);
    return s;
}

#endif
