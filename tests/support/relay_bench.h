/* relay_bench - one relay on fake ports, and peers that speak to it over links without sockets.
 *
 * All stations run in one thread, in turns: bench_run goes on until nobody is woken. A peer makes its side of the link
 * handshake with the core's own stage, and reads whole cells. Failures are CHECKs, so that fuzzers can use it too. */
#ifndef LOOM_SUPPORT_RELAY_BENCH_H
#define LOOM_SUPPORT_RELAY_BENCH_H

#include <stdlib.h>

#include "core/link_handshake.h"
#include "core/relay.h"
#include "support/fake_port.h"
#include "support/symbolic_identity.h"
#include "wire/circuit_messages.h"
#include "wire/relay_cell.h"

#define BENCH_STATIONS_MAX 5u
#define PEER_CELLS_MAX     1024u

struct bench {
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct symbolic_identity self;
    struct relay_config config;
    const struct memory *peer_memory; /* of the peers' own side */
    struct relay *relay;
    struct fake_port ports[BENCH_STATIONS_MAX];
    bool woken[BENCH_STATIONS_MAX];
    uint8_t tls_secret[32];
    nsec now;
    bool is_rough; /* peers may send cells in the middle of a handshake, where they are cut differently */
};

/* What a peer received. */
struct peer_cell {
    uint32_t circ_id;
    uint8_t command;
    uint8_t body[CELL_BODY_LEN];
};

struct bench_peer {
    struct bench *bench;
    struct symbolic_identity *identity; /* NULL: a client */
    struct link_handshake *handshake;
    link_id link;
    station_id station;
    uint8_t host;            /* of a client: the last byte of its address, when it is not 0 */
    struct peer_cell *cells; /* [PEER_CELLS_MAX] not yet read by the test */
    uint32_t cells_first, cells_count;
};

/* --- the relay -------------------------------------------------------------------------------------------------- */

/* Set what differs from the defaults in config between bench_init and bench_start. */
static inline void bench_init(struct bench *b, const struct memory *memory, uint16_t threads) {
    memset(b, 0, sizeof *b);
    b->crypt = symbolic_provider(&b->symbolic, 1);
    symbolic_identity_make(&b->self, b->crypt, 1);
    relay_config_default(&b->config);
    b->config.memory = b->peer_memory = memory;
    b->config.crypt = b->crypt;
    b->config.connection_threads = threads;
    b->config.unix_s_at_zero = SYMBOLIC_NOW_S;
    b->config.allow_private_addresses = true;
    b->config.cells_max_per_manager = 20000;
    b->config.circuits_max_per_manager = 1000;
    b->config.links_max = 50;
    b->config.seed = 3;
    memcpy(b->config.rsa_id, b->self.credentials.rsa_id, 20);
    memset(b->tls_secret, 0x5e, sizeof b->tls_secret);
    b->now = NSEC_PER_S;
}

/* False without memory. */
static inline bool bench_start(struct bench *b) {
    struct port *ports[BENCH_STATIONS_MAX];
    CHECK(relay_stations(&b->config) <= BENCH_STATIONS_MAX);
    for (unsigned i = 0; i < BENCH_STATIONS_MAX; i++) {
        fake_port_init(&b->ports[i], b->woken);
        ports[i] = &b->ports[i].port;
    }
    b->relay = relay_new(&b->config, b->now, ports);
    return b->relay != NULL;
}

static inline void bench_stop(struct bench *b) {
    relay_free(b->relay);
    b->relay = NULL;
}

static inline struct manager *bench_manager(struct bench *b, station_id station) {
    return relay_manager(b->relay, station);
}

static inline void bench_flush(struct bench *b) {
    for (station_id i = 0; i < relay_controller_station(b->relay); i++)
        manager_flush(bench_manager(b, i), b->now);
    controller_flush(relay_controller(b->relay), b->now);
}

static inline bool bench_turn(struct bench *b, station_id station) {
    if (!b->woken[station])
        return false;
    b->woken[station] = false;
    bool again = station == relay_controller_station(b->relay)
                     ? controller_drain(relay_controller(b->relay), b->now, 1000)
                     : manager_drain(bench_manager(b, station), b->now, 1000);
    b->woken[station] |= again;
    bench_flush(b);
    return true;
}

/* Until no station has news. */
static inline void bench_run(struct bench *b) {
    bench_flush(b);
    for (bool again = true; again;) {
        again = false;
        for (station_id i = 0; i <= relay_controller_station(b->relay); i++)
            again |= bench_turn(b, i);
    }
}

/* Carry out the handshakes that were offloaded. */
static inline void bench_jobs(struct bench *b) {
    for (station_id i = 0; i < relay_controller_station(b->relay); i++) {
        struct fake_request request;
        while (fake_take(&b->ports[i], FAKE_JOB, &request)) {
            struct job_result result;
            struct work work = {0};
            job_run(&request.job, b->crypt, &b->self.ntor, &result, &work);
            manager_job_done(bench_manager(b, i), b->now, &result);
        }
    }
    bench_run(b);
}

static inline void bench_pass(struct bench *b, nsec time) {
    b->now += time;
    for (station_id i = 0; i < relay_controller_station(b->relay); i++)
        manager_tick(bench_manager(b, i), b->now);
    controller_tick(relay_controller(b->relay), b->now);
    bench_run(b);
}

/* --- output of links --------------------------------------------------------------------------------------------- */

static inline void peer_keep(struct bench_peer *p, const struct cell *cell) {
    CHECK(p->cells_count < PEER_CELLS_MAX);
    struct peer_cell *kept = &p->cells[(p->cells_first + p->cells_count++) % PEER_CELLS_MAX];
    uint8_t wire[CELL_LEN];
    cell_serialize(cell, wire);
    kept->circ_id = load_u32(wire);
    kept->command = wire[4];
    memcpy(kept->body, wire + CELL_HEADER_LEN, CELL_BODY_LEN);
}

/* One scheduling run for this link, and what it grants; returns how many cells came. */
static inline uint32_t peer_pull_once(struct bench_peer *p, const struct tcp_facts *facts) {
    struct manager *m = bench_manager(p->bench, p->station);
    struct grant grant;
    struct cell *cells[32];
    uint32_t n, sum = 0;
    fake_forget_writer(&p->bench->ports[p->station], p->link);
    if (manager_schedule(m, p->bench->now, facts, 1, &grant) == 0)
        grant = (struct grant){.link = p->link, .waits = true}; /* no memory */
    if (grant.waits)
        fake_want_write(&p->bench->ports[p->station].port, p->link);
    while ((n = manager_take(m, p->bench->now, p->link, cells, 32)) > 0) {
        for (uint32_t i = 0; i < n; i++)
            peer_keep(p, cells[i]);
        manager_release(m, cells, n);
        sum += n;
    }
    CHECK(sum <= grant.cells);
    return sum;
}

/* Everything that waits for this peer and finds room with it; returns how many cells came. */
static inline uint32_t peer_pull(struct bench_peer *p) {
    const struct tcp_facts facts = {.link = p->link, .cwnd = 64, .mss = 1448}; /* 360 cells */
    uint32_t n, sum = 0;
    while (p->cells_count <= PEER_CELLS_MAX / 2 && (n = peer_pull_once(p, &facts)) > 0) {
        sum += n;
        p->bench->now += 10 * NSEC_PER_MS;
    }
    bench_run(p->bench);
    return sum;
}

/* The next cell that the peer has received; NULL when there is none. Valid until the next pull. */
static inline const struct peer_cell *peer_read(struct bench_peer *p) {
    if (p->cells_count == 0)
        peer_pull(p);
    if (p->cells_count == 0)
        return NULL;
    const struct peer_cell *cell = &p->cells[p->cells_first];
    p->cells_first = (p->cells_first + 1) % PEER_CELLS_MAX;
    p->cells_count--;
    return cell;
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static inline struct link_facts bench_facts(struct bench *b, bool is_initiator,
                                            const struct link_credentials *own,
                                            const struct symbolic_identity *peer) {
    struct link_facts facts = {.is_initiator = is_initiator,
                               .credentials = own,
                               .export_secret = symbolic_export,
                               .export_context = b->tls_secret};
    facts.peer = (struct endpoint){{ADDRESS_IPV4, {10, 9, 9, 9}}, 4999};
    if (peer) {
        facts.peer = peer->credentials.advertised[0];
        memcpy(facts.peer_certificate_sha256, peer->credentials.tls_certificate_sha256, 32);
    }
    return facts;
}

/* Whole cells from the peer. */
static inline void peer_say(struct bench_peer *p, const uint8_t *bytes, size_t length) {
    struct manager *m = bench_manager(p->bench, p->station);
    size_t used = manager_receive_bytes(m, p->bench->now, p->link, bytes, length);
    CHECK(used == length || p->bench->is_rough);
}

static inline void peer_hear_handshake(struct bench_peer *p) {
    struct manager *m = bench_manager(p->bench, p->station);
    struct span out;
    while ((out = manager_handshake_output(m, p->link)).length > 0 && !link_handshake_is_open(p->handshake)) {
        struct bytes_in in = bytes_in(out.data, out.length);
        struct cell_view view;
        uint32_t count;
        CHECK(!cell_frame(&in, link_handshake_circ_id_length(p->handshake), HANDSHAKE_CELL_MAX, &view, 1,
                          &count));
        CHECK(count == 1);
        CHECK(!link_handshake_receive(p->handshake, SYMBOLIC_NOW_S, &view));
        manager_handshake_written(m, p->link, out.length - bytes_left(&in));
    }
}

/* Both handshakes until they have nothing more to say. */
static inline void peer_shake_hands(struct bench_peer *p) {
    struct span out;
    peer_hear_handshake(p);
    while ((out = link_handshake_output(p->handshake)).length > 0) {
        peer_say(p, out.data, out.length);
        link_handshake_written(p->handshake, out.length);
        peer_hear_handshake(p);
    }
    bench_run(p->bench);
}

static inline void peer_init(struct bench_peer *p, struct bench *b, struct symbolic_identity *identity) {
    *p = (struct bench_peer){.bench = b, .identity = identity};
    p->cells = calloc(PEER_CELLS_MAX, sizeof *p->cells);
    CHECK(p->cells);
}

/* The peer dials us; the link has finished TLS. */
static inline enum err peer_arrive(struct bench_peer *p) {
    struct bench *b = p->bench;
    const struct link_credentials *own = p->identity ? &p->identity->credentials : NULL;
    struct link_facts ours = bench_facts(b, false, &b->self.credentials, p->identity);
    struct link_facts theirs = bench_facts(b, true, own, &b->self);
    if (p->host)
        ours.peer.address.bytes[3] = p->host;
    enum err e = controller_accept(relay_controller(b->relay), b->now, &ours.peer, &p->link, &p->station);
    if (e)
        return e;
    p->handshake = link_handshake_new(b->crypt, b->peer_memory, &theirs, NULL);
    CHECK(p->handshake);
    return manager_link_opened(bench_manager(b, p->station), b->now, p->link, &ours);
}

static inline void peer_connect(struct bench_peer *p, struct bench *b, struct symbolic_identity *identity) {
    peer_init(p, b, identity);
    enum err e = peer_arrive(p);
    CHECK(!e);
    peer_shake_hands(p);
    CHECK(link_handshake_is_open(p->handshake));
}

/* We dialled the peer (the request was taken from station's port), and TLS is done. */
static inline enum err peer_answer(struct bench_peer *p, station_id station, link_id link) {
    struct bench *b = p->bench;
    p->station = station;
    p->link = link;
    struct link_facts ours = bench_facts(b, true, &b->self.credentials, p->identity);
    struct link_facts theirs = bench_facts(b, false, &p->identity->credentials, &b->self);
    p->handshake = link_handshake_new(b->crypt, b->peer_memory, &theirs, NULL);
    CHECK(p->handshake);
    return manager_link_opened(bench_manager(b, station), b->now, link, &ours);
}

/* The link is gone, or was never there; the test's side of it. */
static inline void peer_free(struct bench_peer *p) {
    link_handshake_free(p->handshake);
    free(p->cells);
    *p = (struct bench_peer){0};
}

static inline void peer_send(struct bench_peer *p, uint32_t circ_id, uint8_t command, const void *body,
                             uint16_t length) {
    uint8_t wire[CELL_LEN];
    struct bytes_out out = bytes_out(wire, sizeof wire);
    cell_put(&out, 4, circ_id, command, body, length);
    CHECK(bytes_out_ok(&out));
    peer_say(p, wire, bytes_written(&out));
    bench_run(p->bench);
}

/* --- an origin's side of one hop --------------------------------------------------------------------------------- */

struct bench_circuit {
    struct bench_peer *peer;
    uint32_t circ_id;
    struct ntor_client_state ntor;
    struct ntor_v3_client_state ntor_v3;
    bool is_ntor_v3;
    uint8_t sendme_inc; /* as granted */
    _Alignas(16) uint8_t forward[256], backward[256];
    uint8_t kh[NTOR_KH_LEN];
    uint8_t body[CELL_BODY_LEN]; /* last message read */
    enum layer_kind kind;
    enum relay_format format;
};

static inline void circuit_ask(struct bench_circuit *c, struct bench_peer *p, uint32_t circ_id) {
    const struct crypt_provider *crypt = p->bench->crypt;
    uint8_t skin[NTOR_ONIONSKIN_LEN], room[CELL_BODY_LEN];
    *c = (struct bench_circuit){.peer = p, .circ_id = circ_id};
    CHECK(layer_size_max(crypt) <= sizeof c->forward);
    ntor_client_create(crypt, p->bench->self.ntor.rsa_id, p->bench->self.ntor.onion[0].public, &c->ntor,
                       skin);
    struct create2_message create = {.type = HANDSHAKE_NTOR, .data = {skin, sizeof skin}};
    struct bytes_out body = bytes_out(room, sizeof room);
    create2_encode(&body, &create);
    peer_send(p, circ_id, CELL_CREATE2, room, (uint16_t)bytes_written(&body));
}

/* The same with ntor-v3. */
static inline void circuit_ask_v3(struct bench_circuit *c, struct bench_peer *p, uint32_t circ_id,
                                  const struct handshake_request *request) {
    const struct crypt_provider *crypt = p->bench->crypt;
    const struct ntor_server_keys *keys = &p->bench->self.ntor;
    uint8_t skin[NTOR_V3_ONIONSKIN_LEN + HANDSHAKE_MESSAGE_MAX], room[CELL_BODY_LEN],
        message[HANDSHAKE_MESSAGE_MAX];
    *c = (struct bench_circuit){.peer = p, .circ_id = circ_id, .is_ntor_v3 = true};
    c->kind = request->wants_cgo ? LAYER_CGO : LAYER_TOR1;
    struct bytes_out asked = bytes_out(message, sizeof message);
    handshake_request_encode(&asked, request);
    struct span span = {message, bytes_written(&asked)};
    enum err e = ntor_v3_client_create(crypt, keys->ed_id, keys->onion[0].public, ntor_v3_for_circuits, span,
                                       &c->ntor_v3, skin);
    CHECK(!e);
    struct create2_message create = {.type = HANDSHAKE_NTOR_V3,
                                     .data = {skin, NTOR_V3_ONIONSKIN_LEN + span.length}};
    struct bytes_out body = bytes_out(room, sizeof room);
    create2_encode(&body, &create);
    peer_send(p, circ_id, CELL_CREATE2, room, (uint16_t)bytes_written(&body));
}

static inline bool circuit_finish_v3(struct bench_circuit *c, struct span reply,
                                     struct circuit_keys *keys_out) {
    uint8_t message[NTOR_V3_MESSAGE_MAX], stream[CIRCUIT_KEYS_LENGTH_MAX];
    struct handshake_reply granted;
    if (ntor_v3_client_finish(c->peer->bench->crypt, &c->ntor_v3, ntor_v3_for_circuits, reply, message,
                              stream, circuit_keys_length(c->kind)) ||
        handshake_reply_decode((struct span){message, reply.length - NTOR_V3_REPLY_LEN}, &granted))
        return false;
    c->sendme_inc = granted.sendme_inc;
    circuit_keys_cut(c->kind, stream, keys_out);
    return true;
}

static inline bool circuit_finish(struct bench_circuit *c, struct span reply, struct circuit_keys *keys_out) {
    if (c->is_ntor_v3)
        return circuit_finish_v3(c, reply, keys_out);
    return ntor_client_finish(c->peer->bench->crypt, &c->ntor, reply, keys_out) == ERR_OK;
}

/* Read the CREATED2; false when something else came. */
static inline bool circuit_created(struct bench_circuit *c) {
    const struct crypt_provider *crypt = c->peer->bench->crypt;
    const struct peer_cell *cell = peer_read(c->peer);
    struct circuit_keys keys;
    struct span reply;
    if (!cell || cell->command != CELL_CREATED2 || cell->circ_id != c->circ_id ||
        created2_decode((struct span){cell->body, CELL_BODY_LEN}, &reply) || !circuit_finish(c, reply, &keys))
        return false;
    crypt->layer_init(c->forward, LAYER_ORIGIN_FORWARD, &keys.forward);
    crypt->layer_init(c->backward, LAYER_ORIGIN_BACKWARD, &keys.backward);
    c->format = layer_format(keys.forward.kind);
    memcpy(c->kh, keys.kh, sizeof c->kh);
    return true;
}

static inline void circuit_open(struct bench_circuit *c, struct bench_peer *p, uint32_t circ_id) {
    circuit_ask(c, p, circ_id);
    bench_jobs(p->bench);
    bool created = circuit_created(c);
    CHECK(created);
}

static inline void circuit_open_v3(struct bench_circuit *c, struct bench_peer *p, uint32_t circ_id,
                                   const struct handshake_request *request) {
    circuit_ask_v3(c, p, circ_id, request);
    bench_jobs(p->bench);
    bool created = circuit_created(c);
    CHECK(created);
}

/* Send one relay message for the relay itself. */
static inline void circuit_tell_as(struct bench_circuit *c, uint8_t cell_command, uint8_t command,
                                   uint16_t stream, const void *data, size_t length) {
    const struct crypt_provider *crypt = c->peer->bench->crypt;
    struct relay_message message = {.command = command, .stream = stream, .data = {data, length}};
    struct work work = {0};
    uint8_t body[CELL_BODY_LEN];
    relay_message_encode(c->format, body, &message, NULL);
    struct crypt_cell cell = {.from = body, .to = body, .command = cell_command};
    crypt->layer_originate(c->forward, &cell, &work);
    peer_send(c->peer, c->circ_id, cell_command, body, CELL_BODY_LEN);
}

static inline void circuit_tell(struct bench_circuit *c, uint8_t command, uint16_t stream, const void *data,
                                size_t length) {
    circuit_tell_as(c, CELL_RELAY, command, stream, data, length);
}

/* Peel a cell that came back; true when it is the relay's own message, then message_out borrows c->body. */
static inline bool circuit_peel(struct bench_circuit *c, const struct peer_cell *cell,
                                struct relay_message *message_out) {
    const struct crypt_provider *crypt = c->peer->bench->crypt;
    struct work work = {0};
    struct crypt_cell peeled = {.from = cell->body, .to = c->body, .command = cell->command};
    crypt->layer_crypt(c->backward, &peeled, 1, &work);
    return crypt->layer_recognize(c->backward, &peeled, &work) &&
           !relay_message_decode(c->format, c->body, message_out);
}

/* The next cell of the link is the relay's message on this circuit; false when it is something else or there is none. */
static inline bool circuit_hear(struct bench_circuit *c, struct relay_message *message_out) {
    const struct peer_cell *cell = peer_read(c->peer);
    return cell && cell->command == CELL_RELAY && cell->circ_id == c->circ_id &&
           circuit_peel(c, cell, message_out);
}

/* EXTEND2 to the relay `to`, with 84 bytes of `fill` for its handshake. */
static inline void circuit_extend(struct bench_circuit *c, const struct symbolic_identity *to, uint8_t fill) {
    uint8_t skin[NTOR_ONIONSKIN_LEN], room[RELAY_DATA_MAX];
    memset(skin, fill, sizeof skin);
    struct extend2_message extend = {.ipv4 = to->credentials.advertised[0], .has_ed_id = true};
    extend.create = (struct create2_message){.type = HANDSHAKE_NTOR, .data = {skin, sizeof skin}};
    memcpy(extend.rsa_id, to->credentials.rsa_id, 20);
    memcpy(extend.ed_id, to->credentials.ed_id, 32);
    struct bytes_out body = bytes_out(room, sizeof room);
    extend2_encode(&body, &extend);
    CHECK(bytes_out_ok(&body));
    circuit_tell_as(c, CELL_RELAY_EARLY, RELAY_EXTEND2, 0, room, bytes_written(&body));
}

#endif
