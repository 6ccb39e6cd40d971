/* A generator's links before the load: TLS, the link handshake of either side, and circuits through the relay. */
#include <string.h>

#include "base/check.h"
#include "load/load_plan.h"
#include "sim/sim_generator_state.h"
#include "wire/circuit_messages.h"

#define BUILDING_MAX  64u /* load_entry.h: LOAD_BUILDING_MAX */
#define CELLS_AT_ONCE 31u

static void put(struct sim_lane *lane, struct sim_message *message) {
    if (!message || !lane->tcp)
        return;
    tcp_write(lane->tcp, &message->tcp);
}

static void lose(struct sim_lane *lane) {
    lane->generator->losses++;
}

/* --- circuits of ways in -------------------------------------------------------------------------------------------- */

static void identity_target(const struct sim_generator *g, uint32_t number,
                            struct origin_target *target_out) {
    sim_identity_target(&g->world->identities[number], number, target_out);
}

static void begin_circuits(struct sim_generator *g, nsec now) {
    const struct sim_generator_config *config = g->config;
    struct origin_target first;
    identity_target(g, 0, &first);
    while (g->ways_open == g->ways && g->building < BUILDING_MAX && g->begun < config->circuits) {
        uint32_t *way_out = &g->plans[g->begun];
        *way_out = config->is_exit ? 0 : load_plan_way_out(g->begun, g->ways, config->verified);
        struct sim_lane *lane = &g->in[load_plan_way_in(g->begun, g->ways)];
        struct origin_circuit *circuit = origin_link_circuit(lane->link, now, &first);
        if (!circuit) {
            lose(lane);
            return;
        }
        circuit->user = way_out;
        g->begun++;
        g->building++;
    }
}

static uint32_t number_of(const struct sim_generator *g, const struct origin_circuit *circuit) {
    return (uint32_t)((const uint32_t *)circuit->user - g->plans);
}

static void extend(struct sim_generator *g, nsec now, struct origin_circuit *circuit) {
    struct origin_target next;
    identity_target(g, g->world->config->relay_count + *(const uint32_t *)circuit->user, &next);
    if (origin_circuit_extend(circuit, now, &next) != ERR_OK)
        g->losses++;
}

/* The circuit is whole. */
static void finish(struct sim_generator *g, const struct origin_circuit *circuit) {
    uint32_t number = number_of(g, circuit);
    g->building--;
    if (sim_lane_add(&g->in[load_plan_way_in(number, g->ways)], circuit->path.circ_id))
        g->built++;
}

/* The first hop is there. */
static void go_on(struct sim_generator *g, nsec now, struct origin_circuit *circuit) {
    if (!g->config->is_exit)
        extend(g, now, circuit);
    else if (!sim_exit_begin_stream(g, now, circuit))
        g->losses++;
}

static void connected(struct sim_generator *g, const struct origin_event *event) {
    g->building--;
    if (sim_exit_add(g, number_of(g, event->circuit), event->stream))
        g->built++;
}

static void follow(struct sim_generator *g, nsec now) {
    struct origin_event event;
    while (origin_next_event(g->origin, now, &event)) {
        switch (event.kind) {
        case ORIGIN_EVENT_LINK_OPENED: g->ways_open++; break;
        case ORIGIN_EVENT_CIRCUIT_OPENED: go_on(g, now, event.circuit); break;
        case ORIGIN_EVENT_CIRCUIT_EXTENDED: finish(g, event.circuit); break;
        case ORIGIN_EVENT_LINK_CLOSED:
        case ORIGIN_EVENT_CIRCUIT_TRUNCATED:
        case ORIGIN_EVENT_STREAM_DATA: /* nobody has been asked for any yet */
        case ORIGIN_EVENT_STREAM_ENDED:
        case ORIGIN_EVENT_CIRCUIT_CLOSED: g->losses++; break;
        case ORIGIN_EVENT_STREAM_CONNECTED: connected(g, &event); break;
        case ORIGIN_EVENT_CIRCUIT_LINKED:
        case ORIGIN_EVENT_CIRCUIT_MESSAGE:
        case ORIGIN_EVENT_STREAM_WRITABLE: break;
        }
    }
    begin_circuits(g, now);
}

/* Without memory the run stops. */
static void write_cells(struct sim_lane *lane, nsec now) {
    struct cell *cells[CELLS_AT_ONCE];
    uint32_t n = origin_link_take(lane->link, now, cells, CELLS_AT_ONCE);
    (void)!sim_cells_write(lane->generator->host, lane->tcp, cells, n, CELLS_AT_ONCE * CELL_LEN);
    origin_link_release(lane->link, cells, n);
}

/* Circuits are few at a time: TCP has room for what builds them. */
static void write_link(struct sim_lane *lane, nsec now) {
    if (!lane->link || !lane->tcp)
        return;
    struct span output = origin_link_handshake_output(lane->link);
    if (output.length > 0) {
        put(lane, sim_message_new(lane->generator->host, SIM_LINK_BYTES, (uint32_t)output.length, output));
        origin_link_handshake_written(lane->link, output.length);
    }
    while (origin_link_wants_write(lane->link))
        write_cells(lane, now);
    tcp_flush(lane->tcp, now);
}

void sim_generator_build(struct sim_generator *g, nsec now) {
    follow(g, now);
    for (uint32_t i = 0; i < g->ways; i++)
        write_link(&g->in[i], now);
}

/* --- the link handshake --------------------------------------------------------------------------------------------- */

void sim_lane_dial(struct sim_lane *lane, nsec now) {
    lane->tcp = tcp_open(lane->generator->host, now, 0, SIM_PORT, lane);
}

/* Of a way in. To an exit all are one relay, as it opens no stream for who comes to it without one between. */
static void secured_in(struct sim_lane *lane, nsec now) {
    struct sim_generator *g = lane->generator;
    const struct link_credentials *relay = &g->world->identities[0].credentials;
    struct link_facts facts = {.is_initiator = true, .peer = sim_relay_endpoint(0)};
    if (g->config->is_exit)
        facts.credentials = &g->world->identities[g->world->config->relay_count].credentials;
    struct link_expectation expected = {.has_rsa_id = true, .has_ed_id = true};
    memcpy(facts.peer_certificate_sha256, relay->tls_certificate_sha256,
           sizeof facts.peer_certificate_sha256);
    memcpy(expected.rsa_id, relay->rsa_id, sizeof expected.rsa_id);
    memcpy(expected.ed_id, relay->ed_id, sizeof expected.ed_id);
    sim_tls_facts(&lane->tls, &facts);
    lane->phase = SIM_LANE_OPEN;
    lane->link = origin_link_new(g->origin, now, &facts, &expected);
    if (!lane->link)
        host_fail(g->host);
}

static const struct sim_identity *identity_of(const struct sim_lane *lane) {
    const struct sim_world *world = lane->generator->world;
    return &world->identities[world->config->relay_count + lane->number];
}

static void secured_out(struct sim_lane *lane) {
    struct sim_generator *g = lane->generator;
    struct link_facts facts = {.peer = sim_relay_endpoint(0), .credentials = &identity_of(lane)->credentials};
    sim_tls_facts(&lane->tls, &facts);
    lane->phase = SIM_LANE_HANDSHAKE;
    lane->handshake = link_handshake_new(g->crypt, host_memory(g->host), &facts, NULL);
    if (!lane->handshake)
        host_fail(g->host);
}

static void write_handshake(struct sim_lane *lane) {
    struct span output = link_handshake_output(lane->handshake);
    if (output.length > 0)
        put(lane, sim_message_new(lane->generator->host, SIM_LINK_BYTES, (uint32_t)output.length, output));
    link_handshake_written(lane->handshake, output.length);
    if (!link_handshake_is_open(lane->handshake))
        return;
    link_handshake_free(lane->handshake);
    lane->handshake = NULL;
    lane->phase = SIM_LANE_OPEN;
}

/* A way out answers whoever extends to it. */
static bool answer_create(struct sim_lane *lane, const struct cell_view *cell) {
    struct sim_generator *g = lane->generator;
    struct create2_message create;
    struct circuit_keys keys;
    uint8_t reply[NTOR_REPLY_LEN], body[CELL_BODY_LEN], created[CELL_LEN];
    if (create2_decode((struct span){cell->body, cell->length}, &create) != ERR_OK ||
        create.type != HANDSHAKE_NTOR ||
        ntor_server_answer(g->crypt, &identity_of(lane)->ntor, create.data, reply, &keys) != ERR_OK)
        return false;
    struct bytes_out message = bytes_out(body, sizeof body), out = bytes_out(created, sizeof created);
    created2_encode(&message, (struct span){reply, sizeof reply});
    cell_put(&out, 4, cell->circ_id, CELL_CREATED2, body, (uint16_t)bytes_written(&message));
    put(lane, sim_message_new(g->host, SIM_LINK_BYTES, (uint32_t)bytes_written(&out),
                              (struct span){created, bytes_written(&out)}));
    return sim_lane_add(lane, cell->circ_id);
}

/* False: that is not what should come. */
static bool take_cell(struct sim_lane *lane, const struct cell_view *cell) {
    if (lane->handshake) {
        if (link_handshake_receive(lane->handshake, SIM_UNIX_S, cell) != ERR_OK)
            return false;
        write_handshake(lane);
        return true;
    }
    switch (cell->command) {
    case CELL_CREATE2: return answer_create(lane, cell);
    case CELL_PADDING:
    case CELL_VPADDING: return true;
    default: return false;
    }
}

static void take_bytes_out(struct sim_lane *lane, const uint8_t *bytes, size_t length) {
    struct bytes_in in = bytes_in(bytes, length);
    struct cell_view view;
    for (uint32_t n = 1; n > 0;) {
        unsigned id_length = lane->handshake ? link_handshake_circ_id_length(lane->handshake) : 4;
        if (cell_frame(&in, id_length, HANDSHAKE_CELL_MAX, &view, 1, &n) != ERR_OK ||
            (n > 0 && !take_cell(lane, &view))) {
            lose(lane);
            return;
        }
    }
}

static void take_bytes(struct sim_lane *lane, nsec now, const struct sim_message *message) {
    uint8_t bytes[SIM_BYTES_MAX];
    size_t length = sim_message_content(message, bytes, sizeof bytes);
    CHECK(length == message->plain);
    if (lane->is_out)
        take_bytes_out(lane, bytes, length);
    else
        origin_link_receive_bytes(lane->link, now, bytes, length);
}

static void take_cells(struct sim_lane *lane, nsec now, const struct sim_message *message) {
    struct cell_view views[SIM_CELLS_MAX];
    uint8_t bodies[SIM_CELLS_MAX][CELL_BODY_LEN + 3];
    struct sim_reader reader;
    uint32_t n;
    sim_reader_init(&reader, message);
    while ((n = sim_reader_cells(&reader, views, bodies, SIM_CELLS_MAX)) > 0) {
        if (!lane->is_out)
            origin_link_receive(lane->link, now, views, n);
        for (uint32_t i = 0; lane->is_out && i < n; i++)
            if (!take_cell(lane, &views[i]))
                lose(lane);
    }
}

void sim_lane_receive(struct sim_lane *lane, nsec now, const struct sim_message *message) {
    struct host *host = lane->generator->host;
    switch ((enum sim_message_kind)message->kind) {
    case SIM_TLS_HELLO:
        put(lane, sim_tls_answer(&lane->tls, host, lane->generator->config->cipher, message));
        break;
    case SIM_TLS_SERVER:
        put(lane, sim_tls_finish(&lane->tls, host, message));
        secured_in(lane, now);
        break;
    case SIM_TLS_FINISHED: secured_out(lane); break;
    case SIM_LINK_BYTES: take_bytes(lane, now, message); break;
    case SIM_LINK_CELLS: take_cells(lane, now, message); break;
    case SIM_RAW: CHECK(!"not on a link");
    }
}

void sim_lane_fini(struct sim_lane *lane) {
    const struct memory *memory = host_memory(lane->generator->host);
    if (lane->link)
        origin_link_free(lane->link, 0);
    link_handshake_free(lane->handshake);
    memory_release(memory, lane->circuits, lane->room * sizeof(*lane->circuits));
}
