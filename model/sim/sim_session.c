/* What a session does: pause, path, link, circuit, stream, file (there or back); and what it notes of that. */
#include <string.h>

#include "base/check.h"
#include "sim/sim_client.h"
#include "sim/sim_server.h"
#include "traffic/draw.h"

#define CIRCUIT_TIMEOUT (60 * NSEC_PER_S)
#define REQUEST_PIECE   4096u

static void begin_fetch(struct sim_session *session, nsec now);

/* --- time ----------------------------------------------------------------------------------------------------------- */

static uint16_t number_of(const struct sim_session *session) {
    return (uint16_t)(session - session->client->sessions);
}

void sim_session_set_timer(struct sim_session *session, nsec at) {
    session->timer_at = at;
    if (at == NSEC_NEVER)
        return;
    struct sim_client *client = session->client;
    host_at(client->host, at, client->world->session_timer, number_of(session), NULL);
}

static nsec draw_pause(const struct sim_client *client) {
    if (client->load->is_exponential)
        return draw_exponential(host_rng(client->host), client->load->pause);
    return client->load->pause;
}

static void pause(struct sim_session *session, nsec now) {
    const struct sim_load *load = session->client->load;
    nsec from = load->is_periodic ? session->transfer.started : now;
    session->state = SIM_SESSION_PAUSED;
    session->client->is_trim_due = true;
    if (load->fetches_max && session->fetches >= load->fetches_max)
        return; /* that was all */
    sim_session_set_timer(session, nsec_max(now, from + draw_pause(session->client)));
}

void sim_sessions_start(struct sim_client *client) {
    if (client->load->flows) {
        sim_flows_start(client);
        return;
    }
    for (uint16_t i = 0; i < client->config->sessions; i++) {
        struct sim_session *session = &client->sessions[i];
        session->client = client;
        session->state = SIM_SESSION_PAUSED;
        nsec pause = draw_pause(client);
        nsec wait =
            client->load->is_exponential || pause == 0 ? pause : rng_below(host_rng(client->host), pause);
        if (client->load->is_punctual)
            wait = 0;
        sim_session_set_timer(session, client->config->start + wait);
    }
}

/* --- notes ---------------------------------------------------------------------------------------------------------- */

/* Room for one more item; returns the array, NULL without memory. */
static void *reserve(struct sim_client *client, void *items, size_t size, uint64_t count, uint64_t *room) {
    const struct memory *memory = host_memory(client->host);
    if (count < *room)
        return items;
    uint64_t more = *room ? 2 * *room : 1;
    void *new = memory_allocate(memory, more * size);
    if (!new) {
        host_fail(client->host);
        return NULL;
    }
    if (count > 0)
        memcpy(new, items, count * size);
    memory_release(memory, items, *room * size);
    *room = more;
    return new;
}

static void note_transfer(struct sim_session *session, enum sim_outcome outcome) {
    struct sim_client *client = session->client;
    struct sim_transfer *items =
        reserve(client, client->transfers, sizeof(*items), client->transfer_count, &client->transfer_room);
    if (!items)
        return;
    client->transfers = items;
    session->transfer.outcome = (uint8_t)outcome;
    items[client->transfer_count++] = session->transfer;
}

static void note_build(struct sim_session *session, nsec now, enum sim_outcome outcome) {
    struct sim_client *client = session->client;
    struct sim_build *items =
        reserve(client, client->builds, sizeof(*items), client->build_count, &client->build_room);
    if (!items)
        return;
    client->builds = items;
    session->build.outcome = (uint8_t)outcome;
    session->build.took = now - session->build.started;
    items[client->build_count++] = session->build;
}

/* --- the end of a fetch --------------------------------------------------------------------------------------------- */

void sim_session_drop(struct sim_session *session, nsec now) {
    if (session->circuit) {
        origin_circuit_free(session->circuit, now, DESTROY_NONE);
        sim_guard_touch(session->guard);
    }
    if (session->guard)
        sim_guard_leave(session->guard, now);
    session->circuit = NULL;
    session->stream = NULL;
    session->guard = NULL;
    session->is_circuit_open = false;
}

static void end_fetch(struct sim_session *session, nsec now, enum sim_outcome outcome) {
    if (session->state == SIM_SESSION_LINKING || session->state == SIM_SESSION_BUILDING)
        note_build(session, now, outcome);
    if (session->client->load->flows) {
        sim_flow_circuit_failed(session, now, outcome);
        return;
    }
    note_transfer(session, outcome);
    if (session->stream) {
        origin_circuit_end(session->circuit, now, session->stream, END_DONE);
        sim_guard_touch(session->guard);
    }
    session->stream = NULL;
    if (outcome != SIM_OUTCOME_DONE || session->client->load->circuit_age_max == 0)
        sim_session_drop(session, now);
    if (outcome != SIM_OUTCOME_UNFINISHED)
        pause(session, now);
}

/* --- the stream ----------------------------------------------------------------------------------------------------- */

/* Its length, with who asks when he is observed. */
static uint64_t request_word(const struct sim_session *session) {
    const struct sim_client *client = session->client;
    uint32_t length = client->load->request_bytes;
    return client->config->observed ? sim_observed_word(length, client->number, number_of(session)) : length;
}

static void write_head(const struct sim_session *session, uint8_t out[static SIM_REQUEST_HEAD_LEN]) {
    const struct sim_load *load = session->client->load;
    const struct sim_transfer *transfer = &session->transfer;
    const struct sim_upload upload = {
        .client = transfer->client, .session = transfer->session, .number = transfer->number};
    if (load->is_upload)
        sim_upload_write(session->wanted, &upload, out);
    else
        sim_request_write(request_word(session),
                          load->has_response ? sim_after_response(session->wanted) : session->wanted, out);
}

/* How much is to be sent; of an upload that goes on there is no end. */
static uint64_t request_length(const struct sim_session *session) {
    const struct sim_load *load = session->client->load;
    if (!load->is_upload)
        return load->request_bytes;
    return load->goes_on ? UINT64_MAX : session->wanted;
}

static void send_request(struct sim_session *session, nsec now) {
    static const uint8_t zeros[REQUEST_PIECE];
    uint64_t length = request_length(session);
    while (session->requested < length) {
        uint8_t head[SIM_REQUEST_HEAD_LEN];
        const uint8_t *bytes = zeros;
        uint64_t left = length - session->requested;
        size_t most = left < REQUEST_PIECE ? (size_t)left : REQUEST_PIECE;
        if (session->requested < sizeof head) {
            write_head(session, head);
            bytes = head + session->requested;
            most = sizeof head - (size_t)session->requested;
        }
        size_t used = origin_circuit_send(session->circuit, now, session->stream, bytes, most);
        session->requested += used;
        if (used < most)
            break;
    }
    sim_guard_touch(session->guard);
}

/* When the timer of a stream comes: an upload goes on first, then only its time out matters. */
static nsec stream_timer(const struct sim_session *session, nsec now) {
    const struct sim_load *load = session->client->load;
    nsec asked = session->transfer.asked;
    nsec timeout = load->files[session->transfer.file].timeout;
    if (load->is_upload && load->goes_on && now < asked + load->goes_on)
        return asked + load->goes_on;
    return timeout ? nsec_max(now + 1, asked + timeout) : NSEC_NEVER;
}

/* An upload ends when all of it has come to the server, and the time for which it goes on is over. */
static void end_upload(struct sim_session *session, nsec now) {
    if (session->is_answered && now >= session->transfer.asked + session->client->load->goes_on)
        end_fetch(session, now, SIM_OUTCOME_DONE);
}

static void stream_time(struct sim_session *session, nsec now) {
    const struct sim_load *load = session->client->load;
    nsec timeout = load->files[session->transfer.file].timeout;
    if (!load->is_upload) {
        end_fetch(session, now, SIM_OUTCOME_TIMEOUT);
        return;
    }
    end_upload(session, now);
    if (session->state != SIM_SESSION_FETCHING)
        return;
    if (timeout && now >= session->transfer.asked + timeout)
        end_fetch(session, now, SIM_OUTCOME_TIMEOUT);
    else
        sim_session_set_timer(session, stream_timer(session, now));
}

static void ask(struct sim_session *session, nsec now) {
    struct begin_message to = {.port = SIM_SERVER_PORT};
    sim_server_name(session->transfer.server, to.host);
    session->state = SIM_SESSION_FETCHING;
    session->transfer.asked = now;
    session->requested = 0;
    session->response_left = session->client->load->has_response ? SIM_RESPONSE_LEN : 0;
    session->is_answered = false;
    session->stream = origin_circuit_begin(session->circuit, now, &to);
    sim_guard_touch(session->guard);
    if (!session->stream) {
        end_fetch(session, now, SIM_OUTCOME_STREAM_ENDED);
        return;
    }
    session->stream->user = session;
    sim_session_set_timer(session, stream_timer(session, now));
}

/* With a circuit: at once, or when it is time. */
static void ask_in_time(struct sim_session *session, nsec now) {
    nsec at = session->client->load->streams_at;
    if (now >= at) {
        ask(session, now);
        return;
    }
    session->state = SIM_SESSION_WAITING;
    sim_session_set_timer(session, at);
}

/* Of length bytes that have come, how many are not of the response. */
static size_t after_response(struct sim_session *session, nsec now, size_t length) {
    size_t of_response = length < session->response_left ? length : session->response_left;
    if (of_response > 0 && session->transfer.responded == NSEC_NEVER)
        session->transfer.responded = now;
    session->response_left -= (uint32_t)of_response;
    return length - of_response;
}

static void receive(struct sim_session *session, nsec now, size_t length) {
    struct sim_transfer *transfer = &session->transfer;
    sim_guard_touch(session->guard); /* SENDMEs */
    if (session->client->load->is_upload) {
        session->is_answered = true;
        end_upload(session, now);
        return;
    }
    length = after_response(session, now, length);
    if (length == 0)
        return;
    if (transfer->bytes == 0)
        transfer->first_byte = now;
    transfer->bytes += length;
    session->client->bytes_received += length;
    if (transfer->bytes < session->wanted)
        return;
    transfer->last_byte = now;
    end_fetch(session, now, SIM_OUTCOME_DONE);
}

/* --- the circuit ---------------------------------------------------------------------------------------------------- */

static unsigned hops_of(const struct sim_session *session) {
    return session->client->config->is_probe ? SIM_PROBE_HOPS : SIM_HOPS;
}

/* The relay that is to be hop number `hop` of the circuit, and what it is asked for: as tor 0.4.9 asks today's relays, the others
 * than the last by ntor-v3 with an empty list. */
static void target_of(const struct sim_session *session, unsigned hop, struct origin_target *target_out) {
    const struct sim_world *world = session->client->world;
    uint32_t relay = session->transfer.relays[hop];
    sim_identity_target(&world->identities[relay], relay, target_out);
    if (world->config->congestion_control == SIM_CONGESTION_WINDOWS)
        return;
    target_out->handshake = ORIGIN_HANDSHAKE_NTOR_V3;
    if (hop + 1 == hops_of(session))
        target_out->request = (struct handshake_request){.wants_congestion_control = true,
                                                         .wants_cgo = world->config->wants_cgo};
}

static void grow(struct sim_session *session, nsec now) {
    unsigned have = session->circuit->path.hop_count;
    sim_guard_touch(session->guard);
    if (have < hops_of(session)) {
        struct origin_target target;
        target_of(session, have, &target);
        if (origin_circuit_extend(session->circuit, now, &target) != ERR_OK)
            end_fetch(session, now, SIM_OUTCOME_CIRCUIT_FAILED);
        return;
    }
    session->is_circuit_open = true;
    session->circuit_born = now;
    session->transfer.circuit_built = now;
    note_build(session, now, SIM_OUTCOME_DONE);
    if (session->client->load->flows)
        sim_flow_circuit_open(session, now);
    else
        ask_in_time(session, now);
}

void sim_session_link_open(struct sim_session *session, nsec now) {
    if (session->state != SIM_SESSION_LINKING)
        return;
    struct origin_target target;
    target_of(session, 0, &target);
    session->build.started = now;
    session->circuit = origin_link_circuit(session->guard->link, now, &target);
    if (!session->circuit) {
        end_fetch(session, now, SIM_OUTCOME_CIRCUIT_FAILED);
        return;
    }
    session->state = SIM_SESSION_BUILDING;
    session->circuit->user = session;
    sim_guard_touch(session->guard);
}

/* The circuit goes with the link. */
void sim_session_link_gone(struct sim_session *session, nsec now) {
    bool is_busy = session->state != SIM_SESSION_PAUSED;
    session->circuit = NULL;
    session->stream = NULL;
    session->guard = NULL;
    session->is_circuit_open = false;
    if (is_busy)
        end_fetch(session, now, SIM_OUTCOME_LINK_CLOSED);
}

/* The middle is given: exit and guard around it, drawn for each circuit. */
static void choose_ends(struct sim_session *session) {
    const struct sim_client *client = session->client;
    struct rng *rng = host_rng(client->host);
    uint32_t *relays = session->transfer.relays;
    uint32_t chosen[2] = {relays[1] = client->config->middle};
    chosen[1] = relays[2] = sim_paths_draw(&client->world->paths, rng, SIM_POSITION_EXIT, chosen, 1);
    relays[0] = sim_paths_draw(&client->world->paths, rng, SIM_POSITION_GUARD, chosen, 2);
}

/* tor chooses the exit first, then the guard, then the middle. */
static bool choose_path(struct sim_session *session) {
    const struct sim_client *client = session->client;
    const struct sim_paths *paths = &client->world->paths;
    struct rng *rng = host_rng(client->host);
    uint32_t *relays = session->transfer.relays;
    uint32_t chosen[SIM_HOPS];
    if (client->config->has_middle) {
        choose_ends(session);
        return relays[0] != SIM_NO_RELAY && relays[2] != SIM_NO_RELAY;
    }
    if (client->config->path) {
        relays[SIM_HOPS - 1] = SIM_NO_RELAY;
        memcpy(relays, client->config->path, hops_of(session) * sizeof *relays);
        return true;
    }
    chosen[0] = relays[2] = sim_paths_draw(paths, rng, SIM_POSITION_EXIT, NULL, 0);
    relays[0] = SIM_NO_RELAY;
    for (uint32_t i = 0; i < client->guard_count && relays[0] == SIM_NO_RELAY; i++)
        if (client->guard_relays[i] != chosen[0])
            relays[0] = client->guard_relays[i];
    if (client->config->guards == 0)
        relays[0] = sim_paths_draw(paths, rng, SIM_POSITION_GUARD, chosen, 1);
    chosen[1] = relays[0];
    relays[1] = sim_paths_draw(paths, rng, SIM_POSITION_MIDDLE, chosen, 2);
    return relays[0] != SIM_NO_RELAY && relays[1] != SIM_NO_RELAY && relays[2] != SIM_NO_RELAY;
}

void sim_session_build(struct sim_session *session, nsec now) {
    struct sim_client *client = session->client;
    nsec timeout = client->load->circuit_timeout ? client->load->circuit_timeout : CIRCUIT_TIMEOUT;
    session->state = SIM_SESSION_LINKING;
    session->build = (struct sim_build){.client = client->number, .decided = now, .started = now};
    session->transfer.is_new_circuit = true;
    if (!choose_path(session)) {
        end_fetch(session, now, SIM_OUTCOME_NO_PATH);
        return;
    }
    session->guard = sim_client_guard(client, now, session->transfer.relays[0]);
    if (!session->guard)
        return; /* the run stops */
    sim_guard_join(session->guard);
    sim_session_set_timer(session, now + timeout);
    if (session->guard->link && session->guard->link->state == ORIGIN_LINK_OPEN)
        sim_session_link_open(session, now);
}

/* --- the beginning of a fetch --------------------------------------------------------------------------------------- */

static void begin_fetch(struct sim_session *session, nsec now) {
    struct sim_client *client = session->client;
    struct rng *rng = host_rng(client->host);
    struct sim_transfer *transfer = &session->transfer;
    uint32_t relays[SIM_HOPS];
    memcpy(relays, transfer->relays, sizeof relays);
    *transfer = (struct sim_transfer){.client = client->number,
                                      .session = number_of(session),
                                      .number = (uint16_t)session->fetches++,
                                      .started = now,
                                      .circuit_built = NSEC_NEVER,
                                      .asked = NSEC_NEVER,
                                      .connected = NSEC_NEVER,
                                      .responded = NSEC_NEVER,
                                      .first_byte = NSEC_NEVER,
                                      .last_byte = NSEC_NEVER};
    transfer->file = (uint16_t)draw_weighted(rng, client->file_weights, client->load->file_count);
    transfer->server = (uint16_t)rng_below(rng, client->world->config->server_count);
    session->wanted = client->load->files[transfer->file].bytes;
    if (session->is_circuit_open && now - session->circuit_born < client->load->circuit_age_max) {
        memcpy(transfer->relays, relays, sizeof relays);
        transfer->circuit_built = now;
        ask_in_time(session, now);
        return;
    }
    sim_session_drop(session, now);
    sim_session_build(session, now);
}

/* --- what happens to it --------------------------------------------------------------------------------------------- */

static void circuit_closed(struct sim_session *session, nsec now) {
    switch ((enum sim_session_state)session->state) {
    case SIM_SESSION_PAUSED: sim_session_drop(session, now); break;
    case SIM_SESSION_LINKING: CHECK(!"there is no circuit"); break;
    case SIM_SESSION_BUILDING: end_fetch(session, now, SIM_OUTCOME_CIRCUIT_FAILED); break;
    case SIM_SESSION_WAITING:
    case SIM_SESSION_FETCHING: end_fetch(session, now, SIM_OUTCOME_CIRCUIT_CLOSED); break;
    }
}

void sim_session_event(struct sim_session *session, nsec now, const struct origin_event *event) {
    if (event->stream && session->client->load->flows) {
        sim_flow_stream_event(session, now, event);
        return;
    }
    switch (event->kind) {
    case ORIGIN_EVENT_CIRCUIT_OPENED:
    case ORIGIN_EVENT_CIRCUIT_EXTENDED: grow(session, now); break;
    case ORIGIN_EVENT_CIRCUIT_LINKED:
    case ORIGIN_EVENT_CIRCUIT_MESSAGE: break;
    case ORIGIN_EVENT_CIRCUIT_TRUNCATED:
    case ORIGIN_EVENT_CIRCUIT_CLOSED: circuit_closed(session, now); break;
    case ORIGIN_EVENT_STREAM_CONNECTED:
        session->transfer.connected = now;
        send_request(session, now);
        break;
    case ORIGIN_EVENT_STREAM_WRITABLE: send_request(session, now); break;
    case ORIGIN_EVENT_STREAM_DATA: receive(session, now, event->data.length); break;
    case ORIGIN_EVENT_STREAM_ENDED:
        if (event->reason != END_DESTROY) /* otherwise the circuit's end is told next */
            end_fetch(session, now, SIM_OUTCOME_STREAM_ENDED);
        break;
    case ORIGIN_EVENT_LINK_OPENED:
    case ORIGIN_EVENT_LINK_CLOSED: CHECK(!"of the link"); break;
    }
}

void sim_session_timer(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_client *client = host_user(host);
    CHECK(object == NULL);
    if (client->world->is_finished)
        return;
    if (arg == client->config->sessions) {
        sim_flow_arrival(client, now);
        sim_client_turn(client, now);
        return;
    }
    struct sim_session *session = &client->sessions[arg];
    if (session->timer_at != now)
        return;
    session->timer_at = NSEC_NEVER;
    switch ((enum sim_session_state)session->state) {
    case SIM_SESSION_PAUSED: begin_fetch(session, now); break;
    case SIM_SESSION_LINKING:
    case SIM_SESSION_BUILDING: end_fetch(session, now, SIM_OUTCOME_CIRCUIT_TIMEOUT); break;
    case SIM_SESSION_WAITING:
        session->transfer.started = now;
        ask(session, now);
        break;
    case SIM_SESSION_FETCHING:
        if (client->load->flows)
            sim_flow_timer(session, now);
        else
            stream_time(session, now);
        break;
    }
    sim_client_turn(client, now);
}

void sim_session_stop(struct sim_session *session, nsec now) {
    if (session->state != SIM_SESSION_PAUSED)
        end_fetch(session, now, SIM_OUTCOME_UNFINISHED);
    session->state = SIM_SESSION_PAUSED;
}
