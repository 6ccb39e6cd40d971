/* two_hops - a relay of two connection threads between an origin and a next relay: circuits made, extended and read on
 * both links. */
#ifndef LOOM_SUPPORT_TWO_HOPS_H
#define LOOM_SUPPORT_TWO_HOPS_H

#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CIRC 0x80000001u /* the peer dialled us: its ids have the high bit */

struct two_hops {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity origin_id, next_id;
    struct bench_peer origin, next;
};

/* A relay of two connection threads; links go to them in turn. */
static inline void two_hops_init_with(struct two_hops *f, void (*adjust)(struct relay_config *config)) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, 2);
    if (adjust)
        adjust(&f->b.config);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->origin_id, f->b.crypt, 2);
    symbolic_identity_make(&f->next_id, f->b.crypt, 3);
    peer_connect(&f->origin, &f->b, &f->origin_id);
    peer_init(&f->next, &f->b, &f->next_id);
}

static inline void two_hops_init(struct two_hops *f) {
    two_hops_init_with(f, NULL);
}

static inline void two_hops_fini(struct two_hops *f) {
    peer_free(&f->origin);
    peer_free(&f->next);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static inline void peer_expect_destroy(struct bench_peer *p, uint32_t circ_id, uint8_t reason) {
    const struct peer_cell *cell = peer_read(p);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, circ_id);
    assert_int_equal(cell->body[0], reason);
}

/* The dial that an EXTEND led to: the next relay's thread answers it. */
static inline void two_hops_answer_dial(struct two_hops *f) {
    struct fake_request dial = {.id = 0};
    station_id station = 1;
    while (station <= 2 && !fake_take(&f->b.ports[station], FAKE_DIAL, &dial))
        station++;
    assert_int_equal(station, 2); /* the origin's link has the other thread */
    assert_int_equal(dial.to.port, 9001);
    assert_true(address_equal(&dial.to.address, &f->next_id.credentials.advertised[0].address));
    assert_int_equal(peer_answer(&f->next, station, dial.id), ERR_OK);
    peer_shake_hands(&f->next);
    assert_true(link_handshake_is_open(f->next.handshake));
}

static inline void two_hops_created(struct two_hops *f, uint32_t circ_id, size_t length) {
    uint8_t body[CELL_BODY_LEN];
    memset(body, 0xcc, sizeof body);
    store_u16(body, (uint16_t)length);
    peer_send(&f->next, circ_id, CELL_CREATED2, body, sizeof body);
}

/* CREATE2 at the next relay; returns its circuit id. */
static inline uint32_t two_hops_read_create(struct two_hops *f, uint8_t fill) {
    const struct peer_cell *cell = peer_read(&f->next);
    struct create2_message create;
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_CREATE2);
    assert_int_equal(create2_decode((struct span){cell->body, CELL_BODY_LEN}, &create), ERR_OK);
    assert_int_equal(create.type, HANDSHAKE_NTOR);
    assert_int_equal(create.data.length, NTOR_ONIONSKIN_LEN);
    assert_int_equal(create.data.data[83], fill);
    return cell->circ_id;
}

static inline void circuit_expect_extended(struct bench_circuit *c, size_t length) {
    struct relay_message message;
    struct span data;
    assert_true(circuit_hear(c, &message));
    assert_int_equal(message.command, RELAY_EXTENDED2);
    assert_int_equal(message.stream, 0);
    assert_int_equal(created2_decode(message.data, &data), ERR_OK);
    assert_int_equal(data.length, length);
    assert_int_equal(data.data[0], 0xcc);
}

/* A circuit over both links, on two threads; returns the id on the second. */
static inline uint32_t two_hops_open(struct two_hops *f, struct bench_circuit *c, uint32_t circ_id) {
    bool is_connected = f->next.handshake != NULL;
    circuit_open(c, &f->origin, circ_id);
    circuit_extend(c, &f->next_id, 0x11);
    if (!is_connected)
        two_hops_answer_dial(f);
    uint32_t id = two_hops_read_create(f, 0x11);
    two_hops_created(f, id, 64);
    circuit_expect_extended(c, 64);
    return id;
}

#endif
