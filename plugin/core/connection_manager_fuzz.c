/* A relay of two connection threads, its links made, and then a program of peers, clients, destinations and time.
 *
 * Input: a byte of options, then steps: a byte that says what, and its operands. Whatever happens, no CHECK may fail and
 * all memory comes back. */
#include "core/connection_manager.h"

#include "core/circuit_edge.h"
#include "crypt/intro_auth.h"
#include "support/fuzz.h"
#include "support/relay_bench.h"
#include "wire/stream_messages.h"

#define PEERS         4u /* 0: a client, 1 and 2: relays that dialled us, 3: a relay that we dial */
#define CIRCUITS      4u
#define EDGES         8u
#define STEPS_MAX     2000u
#define FIRST_CIRC    0x80000001u
#define OPTION_MEMORY 0x80u /* bits 0..6: so many more allocations succeed after the links are made */

struct counted {
    struct memory memory;
    size_t live;
    uint32_t left;
};

static void *allocate(void *context, size_t size) {
    struct counted *c = context;
    if (c->left == 0)
        return NULL;
    c->left -= c->left != UINT32_MAX;
    c->live += size;
    return calloc(1, size);
}

static void release(void *context, void *object, size_t size) {
    struct counted *c = context;
    if (object)
        c->live -= size;
    free(object);
}

struct game {
    struct bench b;
    struct counted memory, peer_memory;
    struct symbolic_identity identities[PEERS + 1];
    struct bench_peer peers[PEERS];
    struct bench_circuit circuits[CIRCUITS];
    bool is_open[CIRCUITS]; /* the layers are there */
    edge_id edges[EDGES];
    uint32_t edges_next;
    uint32_t next_circ[PEERS]; /* circuit id of the last CREATE2 that a peer got */
    struct bytes_in in;
};

static void counted_init(struct counted *c) {
    *c = (struct counted){.memory = {allocate, release, c}, .left = UINT32_MAX};
}

static uint8_t draw(struct game *g) {
    return bytes_u8(&g->in);
}

static struct bench_peer *draw_peer(struct game *g) {
    return &g->peers[draw(g) % PEERS];
}

/* At most max bytes of operand, zeros behind them. */
static size_t draw_bytes(struct game *g, uint8_t *out, size_t room, size_t max) {
    size_t length = draw(g);
    length = length < bytes_left(&g->in) ? length : bytes_left(&g->in);
    length = length < max ? length : max;
    memset(out, 0, room);
    bytes_copy(&g->in, out, length);
    return length;
}

/* --- what the relay asks for ----------------------------------------------------------------------------------------- */

static void take_edges(struct game *g) {
    struct fake_request request;
    for (unsigned i = 0; i < BENCH_STATIONS_MAX; i++) {
        while (fake_take(&g->b.ports[i], FAKE_EDGE_OPEN, &request) ||
               fake_take(&g->b.ports[i], FAKE_EDGE_RESOLVE, &request))
            g->edges[g->edges_next++ % EDGES] = request.id;
    }
}

/* Requests that no step waits for, and dials and jobs that the program leaves lying about. */
static void forget_requests(struct game *g) {
    static const enum fake_kind kinds[] = {FAKE_HANGUP,     FAKE_PAUSE,       FAKE_RESUME,
                                           FAKE_EDGE_WRITE, FAKE_EDGE_PAUSE,  FAKE_EDGE_RESUME,
                                           FAKE_EDGE_CLOSE, FAKE_EDGE_CONNECT};
    struct fake_request request;
    for (unsigned i = 0; i < BENCH_STATIONS_MAX; i++) {
        for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            while (fake_take(&g->b.ports[i], kinds[k], &request))
                continue;
        }
        while (g->b.ports[i].count > FAKE_REQUESTS_MAX / 4 && fake_take(&g->b.ports[i], FAKE_DIAL, &request))
            continue;
        if (g->b.ports[i].count > FAKE_REQUESTS_MAX / 4)
            bench_jobs(&g->b);
    }
}

static void read_cell(struct game *g, unsigned peer, const struct peer_cell *cell) {
    struct relay_message message;
    if (cell->command == CELL_CREATE2)
        g->next_circ[peer] = cell->circ_id;
    for (unsigned i = 0; i < CIRCUITS; i++) {
        struct bench_circuit *c = &g->circuits[i];
        if (c->peer != &g->peers[peer] || c->circ_id != cell->circ_id)
            continue;
        if (cell->command == CELL_RELAY && g->is_open[i])
            (void)circuit_peel(c, cell, &message);
    }
}

static void accept_created(struct game *g, unsigned peer, const struct peer_cell *cell) {
    struct span reply;
    struct circuit_keys keys;
    for (unsigned i = 0; i < CIRCUITS; i++) {
        struct bench_circuit *c = &g->circuits[i];
        if (c->peer != &g->peers[peer] || c->circ_id != cell->circ_id || g->is_open[i] ||
            created2_decode((struct span){cell->body, CELL_BODY_LEN}, &reply) ||
            !circuit_finish(c, reply, &keys))
            continue;
        g->b.crypt->layer_init(c->forward, LAYER_ORIGIN_FORWARD, &keys.forward);
        g->b.crypt->layer_init(c->backward, LAYER_ORIGIN_BACKWARD, &keys.backward);
        memcpy(c->kh, keys.kh, sizeof c->kh);
        c->format = layer_format(keys.forward.kind);
        g->is_open[i] = true;
    }
}

static void pull(struct game *g, unsigned peer) {
    const struct peer_cell *cell;
    while ((cell = peer_read(&g->peers[peer])) != NULL) {
        if (cell->command == CELL_CREATED2)
            accept_created(g, peer, cell);
        read_cell(g, peer, cell);
    }
}

/* --- steps ----------------------------------------------------------------------------------------------------------- */

static void send_cell(struct game *g) {
    static const uint32_t ids[] = {
        FIRST_CIRC, FIRST_CIRC + 1, FIRST_CIRC + 2, FIRST_CIRC + 3, 0, 1, 0x7fffffff, 0};
    struct bench_peer *p = draw_peer(g);
    uint8_t which = draw(g), body[CELL_BODY_LEN];
    uint32_t id = which & 8 ? g->next_circ[p - g->peers] : ids[which & 7];
    uint8_t command = draw(g);
    size_t length = draw_bytes(g, body, sizeof body, sizeof body);
    peer_send(p, id, command, body, cell_command_is_variable(command) ? (uint16_t)length : CELL_BODY_LEN);
}

static void send_raw(struct game *g) {
    struct bench_peer *p = draw_peer(g);
    uint8_t bytes[1200];
    size_t length = draw_bytes(g, bytes, sizeof bytes, 255) * 4;
    (void)manager_receive_bytes(bench_manager(&g->b, p->station), g->b.now, p->link, bytes, length);
    bench_run(&g->b);
}

/* A burst of one circuit in one read. */
static void send_burst(struct game *g) {
    struct bench_peer *p = draw_peer(g);
    uint8_t which = draw(g);
    uint32_t id = which & 8 ? g->next_circ[p - g->peers] : FIRST_CIRC + (which & 3);
    unsigned count = draw(g) % 100u;
    static uint8_t bytes[100 * CELL_LEN];
    struct bytes_out out = bytes_out(bytes, sizeof bytes);
    for (unsigned i = 0; i < count; i++)
        cell_put(&out, 4, id, CELL_RELAY, &which, 1);
    peer_say(p, bytes, bytes_written(&out));
}

static void ask_circuit(struct game *g) {
    static const struct handshake_request both = {.wants_congestion_control = true, .wants_cgo = true};
    uint8_t which = draw(g);
    unsigned i = which % CIRCUITS;
    struct bench_peer *p = draw_peer(g);
    g->is_open[i] = false;
    if (which & 0x80)
        circuit_ask_v3(&g->circuits[i], p, FIRST_CIRC + i, &both);
    else
        circuit_ask(&g->circuits[i], p, FIRST_CIRC + i);
}

static void tell_circuit(struct game *g) {
    unsigned i = draw(g) % CIRCUITS;
    uint8_t how = draw(g), command = draw(g), stream = draw(g), data[RELAY_DATA_MAX];
    size_t length = draw_bytes(g, data, sizeof data, sizeof data);
    unsigned times = how & 0x80 ? 120 : 1;
    if (g->circuits[i].format == RELAY_V1) { /* which cannot say everything */
        bool has_stream = relay_command_has_stream(command);
        stream = has_stream ? (uint8_t)(stream | 1) : 0;
        length = length < relay_data_max(RELAY_V1, command) ? length : relay_data_max(RELAY_V1, command);
        if (!relay_command_is_known(command))
            return;
    }
    for (unsigned n = 0; g->is_open[i] && n < times; n++)
        circuit_tell_as(&g->circuits[i], how & 1 ? CELL_RELAY_EARLY : CELL_RELAY, command, stream, data,
                        length);
}

static void sendme(struct game *g) {
    unsigned i = draw(g) % CIRCUITS;
    struct bench_circuit *c = &g->circuits[i];
    uint8_t body[23] = {1, 0, layer_tag_length(c->kind)};
    if (!g->is_open[i])
        return;
    g->b.crypt->layer_tag(c->backward, body + 3);
    uint8_t stream = draw(g);
    circuit_tell(c, RELAY_SENDME, c->format == RELAY_V1 ? 0 : stream, body, 3u + body[2]);
}

static void begin(struct game *g) {
    unsigned i = draw(g) % CIRCUITS;
    uint8_t stream = draw(g);
    if (g->is_open[i])
        circuit_tell(&g->circuits[i], RELAY_BEGIN, g->circuits[i].format == RELAY_V1 ? stream | 1 : stream,
                     "a.com:80", 9);
}

static void extend(struct game *g) {
    unsigned i = draw(g) % CIRCUITS, to = draw(g) % (PEERS + 1);
    if (g->is_open[i])
        circuit_extend(&g->circuits[i], &g->identities[to], 7);
}

static void close_link(struct game *g) {
    struct bench_peer *p = draw_peer(g);
    manager_link_closed(bench_manager(&g->b, p->station), g->b.now, p->link);
    bench_run(&g->b);
}

static void answer_dial(struct game *g) {
    struct fake_request dial;
    uint8_t how = draw(g);
    for (station_id i = 0; i < relay_controller_station(g->b.relay); i++) {
        if (!fake_take(&g->b.ports[i], FAKE_DIAL, &dial))
            continue;
        if (how & 1) {
            manager_link_failed(bench_manager(&g->b, i), g->b.now, dial.id);
            bench_run(&g->b);
            return;
        }
        struct bench_peer *p = &g->peers[PEERS - 1];
        manager_link_closed(bench_manager(&g->b, p->station), g->b.now, p->link); /* one at a time */
        bench_run(&g->b);
        link_handshake_free(p->handshake);
        p->cells_count = 0;
        if (!peer_answer(p, i, dial.id) && !(how & 2))
            peer_shake_hands(p);
        return;
    }
}

static void touch_edge(struct game *g) {
    static const struct address destination = {ADDRESS_IPV4, {1, 2, 3, 4}};
    static const uint8_t bytes[4 * RELAY_DATA_MAX];
    edge_id edge = g->edges[draw(g) % EDGES];
    uint8_t how = draw(g);
    if (!edge)
        return;
    struct manager *m = bench_manager(&g->b, object_station(edge));
    size_t room = manager_edge_room(m, edge), length = how * 6u;
    struct span spans[3];
    size_t waiting = 0;
    switch (how & 3) {
    case 0: {
        const struct name_answer answer = {
            .status = how & 0x10 ? NAME_TRANSIENT : NAME_FOUND, .count = 1, .addresses = {destination}};
        manager_edge_resolved(m, g->b.now, edge, &answer); /* ignored when nothing was asked */
        manager_edge_connected(m, g->b.now, edge, &destination);
        break;
    }
    case 1: manager_edge_receive(m, g->b.now, edge, bytes, length < room ? length : room); break;
    case 2:
        for (uint32_t i = 0, n = manager_edge_take(m, edge, spans, 3); i < n; i++)
            waiting += spans[i].length;
        manager_edge_wrote(m, g->b.now, edge, waiting > how ? waiting - (how & 0xf0) : waiting);
        break;
    default: manager_edge_closed(m, g->b.now, edge, END_DONE); break;
    }
    if (how & 4)
        bench_run(&g->b);
}

/* What services and clients say: few keys and cookies, so that they meet. */
static void meet(struct game *g) {
    static const struct intro_limit limit = {INTRO_LIMIT_SET, 2, 3};
    struct bench_circuit *c = &g->circuits[draw(g) % CIRCUITS];
    uint8_t how = draw(g), body[ESTABLISH_INTRO_LEN_MAX] = {0};
    uint8_t seed[32] = {how >> 2 & 1}, key[32];
    size_t length = REND_COOKIE_LEN;
    if (!g->is_open[c - g->circuits])
        return;
    symbolic_ed25519_public(seed, key);
    static const uint8_t commands[] = {RELAY_ESTABLISH_INTRO, RELAY_INTRODUCE1, RELAY_ESTABLISH_RENDEZVOUS,
                                       RELAY_RENDEZVOUS1};
    uint8_t command = commands[how & 3];
    body[0] = seed[0];
    if (command == RELAY_ESTABLISH_INTRO)
        length = intro_auth_write(g->b.crypt, seed, key, &limit, c->kh, body);
    if (command == RELAY_INTRODUCE1) {
        struct introduce1_message m = {.encrypted = {seed, sizeof seed}};
        struct bytes_out out = bytes_out(body, sizeof body);
        memcpy(m.auth_key, key, sizeof key);
        introduce1_encode(&out, &m);
        length = bytes_written(&out);
    }
    circuit_tell(c, command, 0, body, length);
}

/* What legs of conflux sets say: two nonces, kept on different threads, so that legs meet. */
static void link_circuits(struct game *g) {
    static const uint8_t commands[] = {RELAY_CONFLUX_LINK, RELAY_CONFLUX_LINKED_ACK, RELAY_CONFLUX_SWITCH,
                                       RELAY_CONFLUX_LINK};
    struct bench_circuit *c = &g->circuits[draw(g) % CIRCUITS];
    uint8_t how = draw(g), body[50] = {1};
    uint8_t command = commands[how & 3];
    if (!g->is_open[c - g->circuits])
        return;
    body[4] = how >> 2 & 1;
    body[49] = how >> 3 & 7;
    if (command == RELAY_CONFLUX_SWITCH)
        store_u32(body, how >> 4);
    circuit_tell(c, command, 0, body, command == RELAY_CONFLUX_SWITCH ? 4 : sizeof body);
}

/* One station has a turn before the others. */
static void one_turn(struct game *g) {
    station_id station = draw(g) % (relay_controller_station(g->b.relay) + 1u);
    bench_flush(&g->b);
    (void)bench_turn(&g->b, station);
}

static void step(struct game *g) {
    switch (draw(g) % 18) {
    case 0: send_cell(g); break;
    case 1: send_raw(g); break;
    case 2: send_burst(g); break;
    case 3: ask_circuit(g); break;
    case 4: tell_circuit(g); break;
    case 5: begin(g); break;
    case 6: extend(g); break;
    case 7: close_link(g); break;
    case 8: answer_dial(g); break;
    case 9: touch_edge(g); break;
    case 10: one_turn(g); break;
    case 11: bench_jobs(&g->b); break;
    case 12: bench_pass(&g->b, (nsec)draw(g) * NSEC_PER_S); break;
    case 13: pull(g, draw(g) % PEERS); break;
    case 14: sendme(g); break;
    case 16: meet(g); break;
    case 17: link_circuits(g); break;
    default: bench_run(&g->b); break;
    }
    take_edges(g);
    forget_requests(g);
}

static void set_up(struct game *g, uint8_t options) {
    counted_init(&g->memory);
    counted_init(&g->peer_memory);
    bench_init(&g->b, &g->memory.memory, options & 1 ? 2 : 0);
    g->b.peer_memory = &g->peer_memory.memory;
    g->b.is_rough = true;
    g->b.config.is_exit = true;
    g->b.config.refuse_unknown_exits = 0;
    g->b.config.mailbox_cells_max = 64;
    g->b.config.cells_max_per_manager = 2000;
    CHECK(bench_start(&g->b));
    for (uint8_t i = 0; i <= PEERS; i++)
        symbolic_identity_make(&g->identities[i], g->b.crypt, (uint8_t)(i + 2));
    for (unsigned i = 0; i < PEERS - 1; i++)
        peer_connect(&g->peers[i], &g->b, i ? &g->identities[i] : NULL);
    peer_init(&g->peers[PEERS - 1], &g->b, &g->identities[PEERS - 1]);
    g->peers[PEERS - 1].station = g->peers[0].station;
    if (options & OPTION_MEMORY)
        g->memory.left = options & 0x7e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct game g;
    memset(&g, 0, sizeof g);
    g.in = bytes_in(data, size);
    set_up(&g, draw(&g));
    for (unsigned i = 0; i < STEPS_MAX && bytes_ok(&g.in) && bytes_left(&g.in) > 0; i++)
        step(&g);
    bench_stop(&g.b);
    for (unsigned i = 0; i < PEERS; i++)
        peer_free(&g.peers[i]);
    CHECK(g.memory.live == 0);
    CHECK(g.peer_memory.live == 0);
    return 0;
}
