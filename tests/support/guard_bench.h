/* guard_bench - the relay at the other end of an origin's link, as a test plays it: handshake as the responder, and the
 * first hop of circuits. Bytes both ways. */
#ifndef LOOM_SUPPORT_GUARD_BENCH_H
#define LOOM_SUPPORT_GUARD_BENCH_H

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/link_handshake.h"
#include "origin/origin.h"
#include "support/origin_bench.h"

#define GUARD_BYTES_MAX 65536u

struct guard_bench {
    struct origin_bench b; /* its outlet and circuit are not used */
    struct origin_link *link;
    struct link_facts facts; /* the origin's */
    struct link_handshake *guard;
    uint8_t to_origin[GUARD_BYTES_MAX];
    size_t to_origin_length;
    uint8_t to_guard[GUARD_BYTES_MAX];
    size_t to_guard_length;
    bool guard_failed;
};

/* An origin that has dialled identity 1, and expects identity number `expected`. */
static inline void guard_bench_init(struct guard_bench *g, unsigned expected) {
    memset(g, 0, sizeof *g);
    origin_bench_init(&g->b, 0);
    g->b.origin->config.unix_s_at_zero = SYMBOLIC_NOW_S;
    const struct link_credentials *guard = &g->b.far.identities[0].credentials;
    struct link_expectation expectation = {.has_rsa_id = true, .has_ed_id = true};
    memcpy(expectation.rsa_id, g->b.far.identities[expected].credentials.rsa_id, RSA_ID_LEN);
    memcpy(expectation.ed_id, g->b.far.identities[expected].credentials.ed_id, ED_ID_LEN);
    g->facts = (struct link_facts){.is_initiator = true, .peer = guard->advertised[0]};
    memcpy(g->facts.peer_certificate_sha256, guard->tls_certificate_sha256, 32);
    g->link = origin_link_new(g->b.origin, 0, &g->facts, &expectation);
    struct link_facts theirs = {.credentials = guard, .export_secret = symbolic_export};
    g->guard = link_handshake_new(g->b.far.crypt, &g->b.memory, &theirs, NULL);
    CHECK(g->link && g->guard);
}

static inline void guard_bench_fini(struct guard_bench *g) {
    link_handshake_free(g->guard);
    if (g->link)
        origin_link_free(g->link, 0);
    origin_bench_fini(&g->b);
}

static inline void guard_put(struct guard_bench *g, const uint8_t *bytes, size_t length) {
    CHECK(g->to_origin_length + length <= GUARD_BYTES_MAX);
    memcpy(g->to_origin + g->to_origin_length, bytes, length);
    g->to_origin_length += length;
}

/* A cell of the guard for the origin. */
static inline void guard_bench_say(struct guard_bench *g, uint32_t circ_id, uint8_t command,
                                   const uint8_t *body) {
    uint8_t cell[CELL_LEN];
    store_u32(cell, circ_id);
    cell[4] = command;
    memcpy(cell + CELL_HEADER_LEN, body, CELL_BODY_LEN);
    guard_put(g, cell, sizeof cell);
}

static inline void guard_cell(struct guard_bench *g, const struct cell_view *cell) {
    g->b.cells[cell->command]++;
    if (!link_handshake_is_open(g->guard)) {
        if (link_handshake_receive(g->guard, SYMBOLIC_NOW_S, cell))
            g->guard_failed = true;
        struct span output = link_handshake_output(g->guard);
        guard_put(g, output.data, output.length);
        link_handshake_written(g->guard, output.length);
    } else if (cell->command == CELL_CREATE2) {
        uint8_t body[CELL_BODY_LEN];
        CHECK(far_end_create(&g->b.far, cell->body, body) == ERR_OK);
        guard_bench_say(g, cell->circ_id, CELL_CREATED2, body);
        g->b.far.hop_count = 0; /* layers are not kept: each circuit has one hop */
    }
}

/* The guard reads what has come, and answers. */
static inline void guard_read(struct guard_bench *g) {
    struct bytes_in in = bytes_in(g->to_guard, g->to_guard_length);
    struct cell_view view;
    uint32_t count = 1;
    while (count > 0 && !g->guard_failed) {
        unsigned id_length = link_handshake_is_open(g->guard) ? 4 : link_handshake_circ_id_length(g->guard);
        CHECK(cell_frame(&in, id_length, HANDSHAKE_CELL_MAX, &view, 1, &count) == ERR_OK);
        if (count > 0)
            guard_cell(g, &view);
    }
    size_t left = bytes_left(&in);
    memmove(g->to_guard, in.next, left);
    g->to_guard_length = left;
}

/* The origin writes what it has, at most max cells. */
static inline void guard_bench_write(struct guard_bench *g, uint32_t max) {
    struct span output = origin_link_handshake_output(g->link);
    CHECK(g->to_guard_length + output.length <= GUARD_BYTES_MAX);
    if (output.length > 0)
        memcpy(g->to_guard + g->to_guard_length, output.data, output.length);
    g->to_guard_length += output.length;
    origin_link_handshake_written(g->link, output.length);
    struct cell *cell;
    while (max-- > 0 && origin_link_take(g->link, 0, &cell, 1) == 1) {
        CHECK(g->to_guard_length + CELL_LEN <= GUARD_BYTES_MAX);
        cell_serialize(cell, g->to_guard + g->to_guard_length);
        g->to_guard_length += CELL_LEN;
        origin_link_release(g->link, &cell, 1);
    }
}

/* The origin reads what has come, so many bytes at a time. */
static inline void guard_bench_deliver(struct guard_bench *g, size_t piece) {
    size_t have = 0, start = 0;
    while (have < g->to_origin_length) {
        have = have + piece < g->to_origin_length ? have + piece : g->to_origin_length;
        start += origin_link_receive_bytes(g->link, 0, g->to_origin + start, have - start);
    }
    memmove(g->to_origin, g->to_origin + start, g->to_origin_length - start);
    g->to_origin_length -= start;
}

/* Both sides write and read until nothing moves. */
static inline void guard_bench_run(struct guard_bench *g, size_t piece) {
    for (unsigned i = 0; i < 8; i++) {
        guard_bench_write(g, UINT32_MAX);
        guard_read(g);
        guard_bench_deliver(g, piece);
    }
}

#endif
