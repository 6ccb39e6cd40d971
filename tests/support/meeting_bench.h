/* meeting_bench - a relay between a hidden service and its client, for tests of introduction and rendezvous points. */
#ifndef LOOM_SUPPORT_MEETING_BENCH_H
#define LOOM_SUPPORT_MEETING_BENCH_H

#include "crypt/intro_auth.h"
#include "support/relay_bench.h"
#include "support/test.h"
#include "support/test_memory.h"
#include "wire/onion_messages.h"

#define CIRC 0x80000001u

/* Two relays' links, with a circuit on each: the service's and the client's. */
struct meeting {
    struct test_memory memory;
    struct bench b;
    struct symbolic_identity service_id, client_id;
    struct bench_peer service, client;
    struct bench_circuit s, c;
    uint8_t auth_seed[32], auth_key[32];
};

static inline void set_up_with(struct meeting *f, uint16_t threads, bool client_is_relay) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    bench_init(&f->b, &f->memory.memory, threads);
    assert_true(bench_start(&f->b));
    symbolic_identity_make(&f->service_id, f->b.crypt, 2);
    symbolic_identity_make(&f->client_id, f->b.crypt, 3);
    peer_connect(&f->service, &f->b, &f->service_id);
    peer_connect(&f->client, &f->b, client_is_relay ? &f->client_id : NULL);
    circuit_open(&f->s, &f->service, CIRC);
    circuit_open(&f->c, &f->client, CIRC);
    memset(f->auth_seed, 0x77, sizeof f->auth_seed);
    symbolic_ed25519_public(f->auth_seed, f->auth_key);
}

static inline void set_up(struct meeting *f, uint16_t threads) {
    set_up_with(f, threads, true);
}

static inline void tear_down(struct meeting *f) {
    peer_free(&f->service);
    peer_free(&f->client);
    bench_stop(&f->b);
    test_memory_fini(&f->memory);
}

static inline void expect(struct bench_circuit *c, uint8_t command, const void *data, size_t length) {
    struct relay_message message;
    assert_true(circuit_hear(c, &message));
    assert_int_equal(message.command, command);
    assert_int_equal(message.stream, 0);
    assert_int_equal(message.data.length, length);
    if (length)
        assert_memory_equal(message.data.data, data, length);
}

static inline void expect_destroy(struct bench_circuit *c, uint8_t reason) {
    const struct peer_cell *cell = peer_read(c->peer);
    assert_non_null(cell);
    assert_int_equal(cell->command, CELL_DESTROY);
    assert_int_equal(cell->circ_id, c->circ_id);
    assert_int_equal(cell->body[0], reason);
}

static inline void expect_nothing(struct bench_circuit *c) {
    assert_null(peer_read(c->peer));
}

/* --- what the service and the client tell the relay ------------------------------------------------------------ */

static inline void tell_establish_intro(struct meeting *f, struct bench_circuit *c,
                                        const struct intro_limit *limit) {
    static const struct intro_limit none = {.kind = INTRO_LIMIT_CONSENSUS};
    uint8_t body[ESTABLISH_INTRO_LEN_MAX];
    size_t length =
        intro_auth_write(f->b.crypt, f->auth_seed, f->auth_key, limit ? limit : &none, c->kh, body);
    circuit_tell(c, RELAY_ESTABLISH_INTRO, 0, body, length);
}

static inline size_t introduction_body(const struct meeting *f, uint8_t fill, size_t encrypted,
                                       uint8_t *room) {
    uint8_t bytes[RELAY_DATA_MAX];
    memset(bytes, fill, sizeof bytes);
    struct introduce1_message m = {.encrypted = {bytes, encrypted}};
    memcpy(m.auth_key, f->auth_key, sizeof m.auth_key);
    struct bytes_out out = bytes_out(room, RELAY_DATA_MAX);
    introduce1_encode(&out, &m);
    CHECK(bytes_out_ok(&out));
    return bytes_written(&out);
}

#endif
