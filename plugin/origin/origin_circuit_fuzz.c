/* A circuit of three hops, a user who does things, and relays that say anything: whatever the script, nothing breaks and
 * everything is given back. */
#include "origin/origin_circuit.h"

#include <string.h>

#include "support/fuzz.h"
#include "support/origin_bench.h"

#define STREAMS_MAX 4u

enum action { CELL, MESSAGE, TURN, LISTEN, BEGIN, SEND, EXTEND, TRUNCATE, END, SILENCE, RUN, ACTIONS };

struct player {
    struct origin_bench b;
    struct origin_stream *streams[STREAMS_MAX];
};

static void begin(struct player *p, uint8_t which) {
    struct origin_stream **place = &p->streams[which % STREAMS_MAX];
    if (!*place)
        *place = origin_circuit_begin(p->b.circuit, 0, NULL);
}

static void end(struct player *p, uint8_t which) {
    struct origin_stream **place = &p->streams[which % STREAMS_MAX];
    if (*place)
        origin_circuit_end(p->b.circuit, 0, *place, END_DONE);
    *place = NULL;
}

static void send(struct player *p, uint8_t which, uint8_t amount) {
    static const uint8_t bytes[256 * 100];
    struct origin_stream *s = p->streams[which % STREAMS_MAX];
    size_t length = (size_t)amount * 100;
    if (s)
        CHECK(origin_circuit_send(p->b.circuit, 0, s, bytes, length) <= length);
}

static void extend(struct player *p) {
    struct origin_target target;
    origin_bench_target(&p->b, p->b.far.hop_count % FAR_HOPS_MAX, &target);
    if (origin_circuit_extend(p->b.circuit, 0, &target) == ERR_OK)
        CHECK(p->b.circuit->state == ORIGIN_CIRCUIT_BUILDING);
}

/* Up to length bytes of the script, in a body with zeros behind them. */
static size_t take_body(struct bytes_in *script, size_t length, uint8_t body[static CELL_BODY_LEN]) {
    size_t left = bytes_left(script);
    length = length < left ? length : left;
    length = length < CELL_BODY_LEN ? length : CELL_BODY_LEN;
    memset(body, 0, CELL_BODY_LEN);
    bytes_copy(script, body, length);
    return length;
}

static void say(struct player *p, struct bytes_in *script) {
    uint8_t body[CELL_BODY_LEN];
    unsigned hop = bytes_u8(script);
    uint8_t command = bytes_u8(script);
    uint16_t stream = bytes_u8(script);
    size_t length = take_body(script, bytes_u8(script), body);
    if (p->b.far.hop_count == 0)
        return;
    hop %= p->b.far.hop_count;
    enum relay_format format = p->b.far.hops[hop].format;
    if (length > relay_data_max(format, command) || (format == RELAY_V1 && !relay_command_is_known(command)))
        return;
    if (format == RELAY_V1) /* which cannot say otherwise */
        stream = relay_command_has_stream(command) ? (uint16_t)(stream | 1) : 0;
    origin_bench_say(&p->b, hop, command, stream, body, length);
}

/* Many DATA cells in one call. */
static void say_run(struct player *p, uint16_t stream, unsigned n) {
    static uint8_t bodies[64][CELL_BODY_LEN];
    struct cell_view views[64];
    if (p->b.far.hop_count == 0)
        return;
    n %= 64;
    for (unsigned i = 0; i < n; i++) {
        far_end_say(&p->b.far, p->b.far.hop_count - 1, RELAY_DATA, stream | 1, (struct span){bodies[i], 10},
                    bodies[i]);
        views[i] = (struct cell_view){p->b.circuit->path.circ_id, CELL_RELAY, CELL_BODY_LEN, bodies[i]};
    }
    origin_circuit_receive(p->b.circuit, 0, views, n);
}

static void act(struct player *p, struct bytes_in *script) {
    uint8_t body[CELL_BODY_LEN];
    enum action action = bytes_u8(script) % ACTIONS;
    uint8_t argument = bytes_u8(script);
    switch (action) {
    case CELL:
        take_body(script, bytes_u8(script), body);
        origin_bench_cell(&p->b, argument, body);
        break;
    case MESSAGE: say(p, script); break;
    case TURN: origin_bench_turn(&p->b, argument); break;
    case LISTEN: origin_bench_listen(&p->b, argument); break;
    case BEGIN: begin(p, argument); break;
    case SEND: send(p, argument, bytes_u8(script)); break;
    case EXTEND: extend(p); break;
    case TRUNCATE:
        if (origin_circuit_truncate(p->b.circuit, 0, argument % FAR_HOPS_MAX) == ERR_OK)
            CHECK(p->b.circuit->path.hop_count > argument % FAR_HOPS_MAX);
        break;
    case END: end(p, argument); break;
    case SILENCE: p->b.is_silent = argument & 1; break;
    case RUN: say_run(p, argument, bytes_u8(script)); break;
    case ACTIONS: break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes_in script = bytes_in(data, size);
    static struct player p;
    memset(&p, 0, sizeof(p));
    uint8_t setting = bytes_u8(&script);
    origin_bench_init(&p.b, setting & 1 ? 30 : 0);
    p.b.asks_cgo = setting >> 4; /* of four hops */
    p.b.far.offer = (struct circuit_offer){.sendme_inc = 31, .has_cgo = true};
    origin_bench_build(&p.b, 1 + setting / 2 % 3);
    while (bytes_left(&script) > 0)
        act(&p, &script);
    origin_bench_fini(&p.b);
    return 0;
}
