/* Exit streams at the half towards the origin: BEGIN to END, and flow control (tor-spec 6.2, 7.3, 7.4; proposal 324).
 *
 * The half packages what the edge's chunks bring and keeps the windows; the edge knows only its credit. */
#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"
#include "wire/multipath_messages.h"

/* The edge needs a moment to write what comes in bursts, and to tell us. */
#define XOFF_GRACE (5 * NSEC_PER_MS)

static_assert(FLOW_TAG_LEN == SHA1_LEN, "whole digests are kept");

static struct stream *stream_of(const struct half *half, uint16_t id) {
    return half->exit ? table_get(&half->exit->streams, id) : NULL;
}

/* What an edge sends is for the stream that it was opened for, not for a later one with the same id. */
static struct stream *stream_of_edge(const struct half *half, uint16_t id, uint32_t serial) {
    struct stream *stream = stream_of(half, id);
    return stream && stream->serial == serial ? stream : NULL;
}

static void stop(struct manager *m, nsec now, struct half *half, enum destroy_reason reason) {
    manager_half_close(m, now, half, reason, DESTROY_DESTROYED);
}

/* --- coming and going ----------------------------------------------------------------------------------------------- */

bool manager_become_exit(struct manager *m, struct half *half) {
    if (half->exit)
        return true;
    struct exit_streams *exit = memory_allocate(m->memory, sizeof *exit);
    if (!exit)
        return false;
    circuit_flow_init(&exit->flow, &m->params.congestion, half->terms.sendme_inc);
    table_init(&exit->streams, m->memory, rng_u64(&m->rng));
    list_init(&exit->blocked);
    list_init(&exit->resuming);
    half->exit = exit;
    return true;
}

struct stream *manager_stream_new(struct manager *m, struct half *half, uint16_t id) {
    if (!manager_become_exit(m, half) || half->exit->streams.count >= STREAMS_MAX)
        return NULL;
    if (!control_spares_reserve(&m->spares, STREAM_LAST_WORDS))
        return NULL;
    struct stream *stream = slab_take(&m->streams_slab);
    if (!stream) {
        control_spares_release(&m->spares, STREAM_LAST_WORDS);
        return NULL;
    }
    *stream = (struct stream){.id = id, .serial = ++m->stream_serial};
    flow_window_init(&stream->window, STREAM_WINDOW_START, STREAM_WINDOW_INCREMENT);
    list_init(&stream->blocked);
    if (table_set(&half->exit->streams, id, stream) == ERR_OK)
        return stream;
    slab_put(&m->streams_slab, stream);
    control_spares_release(&m->spares, STREAM_LAST_WORDS);
    return NULL;
}

static void count_undelivered(struct manager *m, struct half *half, struct stream *stream, int64_t change) {
    stream->undelivered = (uint32_t)(stream->undelivered + change);
    half->exit->undelivered = (uint32_t)(half->exit->undelivered + change);
    m->undelivered = (uint32_t)(m->undelivered + change);
}

/* It may have been taken off the table already. */
void manager_stream_free(struct manager *m, struct half *half, struct stream *stream) {
    count_undelivered(m, half, stream, -(int64_t)stream->undelivered);
    table_remove(&half->exit->streams, stream->id);
    list_remove(&stream->blocked);
    manager_free_run(m, &stream->to_origin);
    manager_free_run(m, &stream->to_edge);
    slab_put(&m->streams_slab, stream);
    control_spares_release(&m->spares, STREAM_LAST_WORDS);
}

static void close_edge(struct manager *m, const struct stream *stream) {
    if (stream->edge)
        manager_post_last(m, object_station(stream->edge), stream->edge, CONTROL_EDGE_CLOSE);
}

void manager_streams_close(struct manager *m, struct half *half) {
    if (!half->exit)
        return;
    uint32_t cursor = 0;
    struct stream *stream;
    while ((stream = table_take(&half->exit->streams, &cursor)) != NULL) {
        close_edge(m, stream);
        manager_stream_free(m, half, stream);
    }
    table_fini(&half->exit->streams);
    circuit_flow_fini(&half->exit->flow, m->memory);
    list_remove(&half->exit->resuming);
    memory_release(m->memory, half->exit, sizeof *half->exit);
    half->exit = NULL;
}

static bool send_end(struct manager *m, nsec now, struct half *half, uint16_t stream, uint8_t reason) {
    return manager_half_originate(m, now, half, RELAY_END, stream, (struct span){&reason, 1});
}

/* --- towards the origin --------------------------------------------------------------------------------------------- */

/* An edge's share of what may be on its way to the circuit. */
static uint16_t credit_share(const struct half *half) {
    uint32_t share = CIRCUIT_CREDIT_MAX / (half->exit->streams.count + 1);
    if (share > EDGE_CREDIT)
        return EDGE_CREDIT;
    return (uint16_t)(share < EDGE_CREDIT_LEAST ? EDGE_CREDIT_LEAST : share);
}

/* Give back what is owed, more or less of it as the edge's share has changed. False when the edge has no credit left and
 * cannot be given any. Until then it is owed, and paid with a later chunk. */
static bool pay_credit(struct manager *m, const struct half *half, struct stream *stream) {
    uint16_t share = credit_share(half), kept = (uint16_t)(stream->credit - stream->credit_owed);
    if (kept < share) {
        struct control *message = manager_post(m, stream->edge_station, stream->edge, CONTROL_EDGE_CREDIT);
        if (!message)
            return kept > 0;
        message->count = (uint32_t)(share - kept);
    }
    stream->credit = kept < share ? share : kept;
    stream->credit_owed = 0;
    return true;
}

/* Which of a SENDME's cells the next one is. */
static struct circuit_flow *flow_of_next(struct half *half) {
    return half->set ? manager_set_position(half) : &half->exit->flow;
}

/* The next chunk; or, when room for padding has to be made, the front of it. NULL when the circuit had to be closed. */
static struct cell *next_piece(struct manager *m, nsec now, struct half *half, struct stream *stream) {
    struct cell *chunk = stream->to_origin.first;
    bool is_split = !chunk_has_room(chunk) && circuit_flow_needs_unforeseen(flow_of_next(half));
    struct cell *front = is_split ? manager_cell(m, CELL_MUST) : NULL;
    if (front) {
        circuit_edge_split(chunk, front);
        return front;
    }
    if (is_split || (++stream->credit_owed >= stream->credit / 2 && !pay_credit(m, half, stream))) {
        stop(m, now, half, DESTROY_RESOURCELIMIT);
        return NULL;
    }
    return cell_run_shift(&stream->to_origin);
}

/* Behind the data and its four zeros, where a DATA cell is padded (tor-spec 6.1). */
static void pad_unforeseen(struct manager *m, struct half *half, struct cell *chunk) {
    if (!chunk_has_room(chunk) || !circuit_flow_wants_unforeseen(flow_of_next(half)))
        return;
    m->crypt->random(m->crypt->context, chunk_bytes(chunk) + chunk->length + 4, CHUNK_PADDING);
    circuit_flow_made_unforeseen(flow_of_next(half));
}

/* One chunk becomes a DATA cell. False when the circuit had to be closed. */
static bool package(struct manager *m, nsec now, struct half *half, struct stream *stream,
                    struct cell *chunk) {
    struct relay_message data = {
        .command = RELAY_DATA, .stream = stream->id, .data = {chunk_bytes(chunk), chunk->length}};
    relay_message_encode(circuit_half_format(&half->circuit), chunk->body, &data, NULL);
    struct exit_streams *exit = half->exit;
    pad_unforeseen(m, half, chunk);

    uint8_t tag[FLOW_TAG_LEN];
    if (!exit->flow.is_congestion_controlled)
        (void)flow_package(&stream->window); /* stream SENDMEs show no tag */
    if (!manager_half_originate_cell(m, now, half, chunk, &data, tag))
        return false;
    if (!half->set && circuit_flow_sent(&exit->flow, m->memory, now, tag)) {
        stop(m, now, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    return true;
}

/* The edge said that the destination has closed: tell the origin, behind the last data. */
static bool end_stream(struct manager *m, nsec now, struct half *half, struct stream *stream,
                       struct cell *end) {
    uint16_t id = stream->id;
    uint8_t reason = end->body[0];
    manager_free_cell(m, end);
    manager_stream_free(m, half, stream);
    return send_end(m, now, half, id, reason);
}

/* The origin lets this stream go on. */
static bool stream_may_package(const struct half *half, const struct stream *stream) {
    return half->exit->flow.is_congestion_controlled ? !stream->is_stopped
                                                     : flow_may_package(&stream->window);
}

/* And the circuit: its window, and the queue for its link, which would otherwise hold what the window allows, where nobody
 * sees how long it waits. */
static bool circuit_may_package(struct manager *m, struct half *half) {
    if (half->set)
        return manager_set_has_room(half);
    if (half->circuit.queue.count >= (uint32_t)m->params.congestion.cellq_high)
        half->exit->is_queue_full = true;
    return !half->exit->is_queue_full && circuit_flow_room(&half->exit->flow) > 0;
}

/* Send what the windows allow, at most cells_max; false when the circuit had to be closed. */
static bool stream_flush(struct manager *m, nsec now, struct half *half, struct stream *stream,
                         uint32_t cells_max) {
    struct cell *next;
    while ((next = stream->to_origin.first) != NULL) {
        if (next->kind == CELL_KIND_CHUNK_END)
            return end_stream(m, now, half, stream, cell_run_shift(&stream->to_origin));
        if (!stream_may_package(half, stream))
            return true;
        if (cells_max-- == 0 || !circuit_may_package(m, half)) {
            if (!list_is_linked(&stream->blocked))
                list_append(&half->exit->blocked, &stream->blocked);
            return true;
        }
        struct cell *piece = next_piece(m, now, half, stream);
        if (!piece || !package(m, now, half, stream, piece))
            return false;
    }
    return true;
}

void manager_stream_chunks(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    half_id id = half->id;
    struct cell *chunk;
    while ((half = manager_half(m, id)) != NULL && (chunk = cell_run_shift(run)) != NULL) {
        struct stream *stream = stream_of_edge(half, (uint16_t)chunk->circ_id, chunk->serial);
        if (!stream) {
            manager_free_cell(m, chunk);
            continue;
        }
        bool was_waiting = !cell_run_is_empty(&stream->to_origin);
        cell_run_append(&stream->to_origin, chunk);
        if (!was_waiting && !stream_flush(m, now, half, stream, UINT32_MAX))
            return;
    }
}

/* --- from the origin ------------------------------------------------------------------------------------------------ */

/* tor-spec 6.2: a client may not use us as a one-hop proxy, nor an unlisted relay as its only one (refuseunknownexits). */
bool manager_previous_hop_may_begin(const struct manager *m, const struct half *half) {
    if (half->set)
        return half->set->may_begin;
    const struct link_peer *previous = &half->link->peer;
    int refuses = m->config->refuse_unknown_exits;
    if (!previous->is_authenticated)
        return false;
    if (refuses < 0)
        refuses = m->params.refuse_unknown_exits;
    return !refuses || !m->consensus || consensus_view_find(m->consensus, previous->identity.rsa_id);
}

/* Edges go round the threads that have links. */
station_id manager_next_edge_station(struct manager *m) {
    uint16_t threads = m->config->connection_threads;
    if (!threads)
        return m->station;
    m->edge_station_next = (station_id)(m->edge_station_next % threads + 1);
    return m->edge_station_next;
}

/* A stream with an edge of its own on that station; END when there is no room for it. */
static void open_stream(struct manager *m, nsec now, struct half *half, uint16_t id, station_id station,
                        const struct begin_message *to) {
    struct stream *stream = manager_stream_new(m, half, id);
    struct control *ask = NULL;
    if (stream) {
        stream->edge_station = station;
        ask = manager_post(m, station, 0, CONTROL_EDGE_OPEN);
    }
    if (ask) {
        ask->from = half->id;
        ask->stream = id;
        ask->serial = stream->serial;
        ask->format = (uint8_t)circuit_half_format(&half->circuit);
        ask->u.edge_open = *to;
        ask->count = stream->credit = credit_share(half);
        return;
    }
    if (stream)
        manager_stream_free(m, half, stream);
    if (!send_end(m, now, half, id, END_RESOURCELIMIT))
        return;
}

/* False when the circuit had to be closed: the id must be a new one. */
static bool stream_id_is_free(struct manager *m, nsec now, struct half *half, uint16_t id) {
    if (id != 0 && !stream_of(half, id))
        return true;
    stop(m, now, half, DESTROY_PROTOCOL);
    return false;
}

static void begin(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    struct begin_message begin;
    uint8_t refusal = 0;
    if (!stream_id_is_free(m, now, half, message->stream))
        return;
    if (begin_decode(message->data, &begin) || !manager_previous_hop_may_begin(m, half))
        refusal = END_TORPROTOCOL;
    else if (!m->config->is_exit)
        refusal = END_EXITPOLICY;
    if (!refusal)
        open_stream(m, now, half, message->stream, manager_next_edge_station(m), &begin);
    else if (!send_end(m, now, half, message->stream, refusal))
        return;
}

/* tor-spec 6.2.1: also for a client whose only hop we are. The edge is on our own station: documents are everywhere. */
static void begin_directory(struct manager *m, nsec now, struct half *half, uint16_t id) {
    const struct begin_message to = {
        .kind = STREAM_DIRECTORY,
        .is_previous_relay = half->link->peer.is_authenticated,
        .previous = half->link->address.address,
    };
    if (!stream_id_is_free(m, now, half, id))
        return;
    if (m->config->is_directory)
        open_stream(m, now, half, id, m->station, &to);
    else if (!send_end(m, now, half, id, END_NOTDIRECTORY))
        return;
}

static void send_to_edge(struct manager *m, struct stream *stream, struct cell *chunk) {
    struct cell_run run = {0};
    cell_run_append(&run, chunk);
    if (stream->edge)
        manager_post_cells(m, stream->edge, &run);
    else
        cell_run_concat(&stream->to_edge, &run);
}

/* The circuit's window counts every DATA cell, also of streams that are gone. */
bool manager_count_circuit_data(struct manager *m, nsec now, struct half *half) {
    if (!manager_become_exit(m, half)) {
        stop(m, now, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    bool owes_sendme;
    struct circuit_flow *flow = &half->exit->flow;
    if (circuit_flow_received(flow, &owes_sendme)) {
        stop(m, now, half, DESTROY_PROTOCOL);
        return false;
    }
    if (!owes_sendme)
        return true;
    bool shows_tag = flow->is_congestion_controlled || m->params.sendme_emit_min_version > 0;
    struct sendme_message sendme = {.version = shows_tag,
                                    .tag_length = circuit_half_tag_length(&half->circuit)};
    circuit_half_received_tag(&half->circuit, sendme.tag);
    uint8_t room[64];
    struct bytes_out body = bytes_out(room, sizeof room);
    sendme_encode(&body, &sendme);
    CHECK(bytes_out_ok(&body));
    return manager_half_originate(m, now, half, RELAY_SENDME, 0, (struct span){room, bytes_written(&body)});
}

static void send_xoff(struct manager *m, nsec now, struct half *half, struct stream *stream) {
    uint8_t room[8];
    struct bytes_out body = bytes_out(room, sizeof room);
    xoff_encode(&body);
    stream->has_stopped = true;
    m->work.xoffs_sent++;
    if (!manager_half_originate(m, now, half, RELAY_XOFF, stream->id,
                                (struct span){room, bytes_written(&body)}))
        return;
}

static void send_xon(struct manager *m, nsec now, struct half *half, struct stream *stream) {
    uint8_t room[8];
    struct bytes_out body = bytes_out(room, sizeof room);
    xon_encode(&body, &(struct xon_message){.kb_per_s = 0});
    stream->has_stopped = false;
    stream->crowded_since = 0;
    m->work.xons_sent++;
    if (!manager_half_originate(m, now, half, RELAY_XON, stream->id,
                                (struct span){room, bytes_written(&body)}))
        return;
}

/* A chunk is on its way to the edge: are there too many? May close the circuit. */
static void note_crowding(struct manager *m, nsec now, struct half *half, struct stream *stream) {
    if (!half->exit->flow.is_congestion_controlled || stream->has_stopped)
        return;
    if (stream->undelivered <= (uint32_t)m->params.congestion.xoff_exit)
        stream->crowded_since = 0;
    else if (stream->crowded_since == 0)
        stream->crowded_since = now;
    else if (now - stream->crowded_since > XOFF_GRACE)
        send_xoff(m, now, half, stream);
}

/* count DATA cells of the stream are done with: answer them. */
static void count_stream_delivered(struct manager *m, nsec now, struct half *half, struct stream *stream,
                                   uint32_t count) {
    uint16_t id = stream->id;
    if (half->exit->flow.is_congestion_controlled)
        return;
    for (uint16_t due = flow_consume(&stream->window, count); due > 0; due--) {
        if (!manager_half_originate(m, now, half, RELAY_SENDME, id, (struct span){NULL, 0}))
            return;
    }
}

static struct stream *longest_stream(const struct half *half) {
    uint32_t cursor = 0;
    struct stream *longest = NULL;
    const struct table_entry *entry;
    while ((entry = table_next(&half->exit->streams, &cursor)) != NULL) {
        struct stream *stream = entry->value;
        if (!longest || stream->undelivered > longest->undelivered)
            longest = stream;
    }
    return longest;
}

static struct half *longest_circuit(struct manager *m) {
    uint32_t cursor = 0;
    struct half *half, *longest = NULL;
    while ((half = slot_map_next(&m->halves, &cursor)) != NULL) {
        if (half->exit && (!longest || half->exit->undelivered > longest->exit->undelivered))
            longest = half;
    }
    return longest;
}

/* Too much waits for slow destinations: the stream that has most of it ends, of this circuit or of all. Looking through all
 * circuits pays only when more has come since the last time. */
static void bound_undelivered(struct manager *m, nsec now, struct half *half) {
    uint32_t most = MANAGER_UNDELIVERED_MAX(m->config->cells_max_per_manager);
    if (m->undelivered <= most)
        m->undelivered_seen = most;
    if (m->undelivered > m->undelivered_seen) {
        half = longest_circuit(m);
        m->undelivered_seen = m->undelivered + most / 64;
    } else if (half->exit->undelivered <= CIRCUIT_UNDELIVERED_MAX) {
        return;
    }
    struct stream *stream = longest_stream(half);
    uint16_t id = stream->id;
    close_edge(m, stream);
    manager_stream_free(m, half, stream);
    if (!send_end(m, now, half, id, END_RESOURCELIMIT))
        return;
}

static void data(struct manager *m, nsec now, struct half *half, const struct relay_message *message,
                 struct cell *cell) {
    uint16_t id = message->stream, length = (uint16_t)message->data.length;
    if ((!half->set && !manager_count_circuit_data(m, now, half))) {
        manager_free_cell(m, cell);
        return;
    }
    struct stream *stream = stream_of(half, id);
    if (!stream) {
        manager_free_cell(m, cell); /* half-closed: late data is ignored */
        return;
    }
    if (!half->exit->flow.is_congestion_controlled && flow_receive(&stream->window)) {
        manager_free_cell(m, cell);
        stop(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    if (length == 0) {
        manager_free_cell(m, cell); /* nothing for the edge to report, but the origin has counted it */
        count_stream_delivered(m, now, half, stream, 1);
        return;
    }
    cell->kind = CELL_KIND_CHUNK;
    cell->length = length;
    cell->circ_id = id;
    cell->data_at = (uint8_t)(message->data.data - cell->body);
    count_undelivered(m, half, stream, 1);
    send_to_edge(m, stream, cell);
    half_id half_before = half->id;
    note_crowding(m, now, half, stream);
    if ((half = manager_half(m, half_before)) != NULL)
        bound_undelivered(m, now, half);
}

/* The origin is done with the stream: the edge closes when what it has is written. */
static void end(struct manager *m, struct half *half, const struct relay_message *message,
                struct cell *cell) {
    struct stream *stream = stream_of(half, message->stream);
    if (!stream) {
        manager_free_cell(m, cell);
        return;
    }
    cell->kind = CELL_KIND_CHUNK_END;
    cell->length = 1;
    if (stream->edge)
        send_to_edge(m, stream, cell);
    else
        manager_free_cell(m, cell); /* EDGE_OPENED will find no stream and close the edge */
    manager_stream_free(m, half, stream);
}

void manager_streams_unblock(struct manager *m, nsec now, struct half *half) {
    half_id id = half->id;
    if (half->leg) {
        manager_leg_report(m, now, half); /* its streams are the set's */
        return;
    }
    while ((half = manager_half(m, id)) != NULL && half->exit && circuit_may_package(m, half)) {
        struct list *node = list_take_first(&half->exit->blocked);
        if (!node || !stream_flush(m, now, half, LIST_ENTRY(node, struct stream, blocked), STREAM_TURN_CELLS))
            return;
    }
}

void manager_streams_taken(struct manager *m, struct half *half) {
    struct exit_streams *exit = half->exit;
    if (!exit || !exit->is_queue_full || half->circuit.queue.count > (uint32_t)m->params.congestion.cellq_low)
        return;
    exit->is_queue_full = false;
    exit->resumes = half->id;
    list_remove(&exit->resuming);
    list_append(&m->resuming, &exit->resuming);
}

void manager_streams_resume(struct manager *m, nsec now) {
    struct list *node;
    while ((node = list_take_first(&m->resuming)) != NULL) {
        struct half *half = manager_half(m, LIST_ENTRY(node, struct exit_streams, resuming)->resumes);
        CHECK(half);
        manager_streams_unblock(m, now, half);
    }
}

static bool circuit_sendme_is_due(struct manager *m, nsec now, struct half *half,
                                  const struct sendme_message *sendme) {
    if (!half->exit || sendme->version < m->params.sendme_accept_min_version)
        return false;
    uint32_t queued = half->circuit.queue.count;
    bool is_busy = queued >= (uint32_t)m->params.congestion.cellq_high;
    struct circuit_pressure pressure = {.queued = queued,
                                        .is_blocked = half->leg ? is_busy : half->exit->is_queue_full};
    return circuit_flow_answered(&half->exit->flow, &m->params.congestion, now, sendme,
                                 circuit_half_tag_length(&half->circuit), pressure) == ERR_OK;
}

static void circuit_sendme(struct manager *m, nsec now, struct half *half, struct span body) {
    struct sendme_message sendme;
    if (sendme_decode(body, &sendme) || !circuit_sendme_is_due(m, now, half, &sendme))
        stop(m, now, half, DESTROY_PROTOCOL);
    else
        manager_streams_unblock(m, now, half);
}

static void sendme(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    if (message->stream == 0) {
        circuit_sendme(m, now, half, message->data);
        return;
    }
    if (half->terms.sendme_inc) { /* there are none under congestion control */
        stop(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct stream *stream = stream_of(half, message->stream);
    if (!stream)
        return;
    if (flow_sendme_received(&stream->window)) {
        stop(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    if (!stream_flush(m, now, half, stream, UINT32_MAX))
        return;
}

/* The origin cannot read so fast, or can again. Its advice on the rate is not followed: it says XOFF again when it must. */
static void xoff_or_xon(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    struct xon_message xon;
    bool is_xoff = message->command == RELAY_XOFF;
    if (!half->terms.sendme_inc || (is_xoff ? xoff_decode(message->data) : xon_decode(message->data, &xon))) {
        stop(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct stream *stream = stream_of(half, message->stream);
    if (!stream)
        return;
    stream->is_stopped = is_xoff;
    if (!is_xoff && !stream_flush(m, now, half, stream, UINT32_MAX))
        return;
}

static void resolve(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    if (!stream_id_is_free(m, now, half, message->stream))
        return;
    if (!manager_previous_hop_may_begin(m, half) ? !send_end(m, now, half, message->stream, END_TORPROTOCOL)
                                                 : !manager_resolve(m, now, half, message))
        return;
}

void manager_stream_message(struct manager *m, nsec now, struct half *half,
                            const struct relay_message *message, struct cell *cell) {
    switch (message->command) {
    case RELAY_DATA: data(m, now, half, message, cell); return;
    case RELAY_END: end(m, half, message, cell); return;
    case RELAY_BEGIN: begin(m, now, half, message); break;
    case RELAY_SENDME: sendme(m, now, half, message); break;
    case RELAY_XOFF:
    case RELAY_XON: xoff_or_xon(m, now, half, message); break;
    case RELAY_BEGIN_DIR: begin_directory(m, now, half, message->stream); break;
    case RELAY_RESOLVE: resolve(m, now, half, message); break;
    default: CHECK(!"a message about streams");
    }
    manager_free_cell(m, cell);
}

/* --- what the edge tells --------------------------------------------------------------------------------------------- */

static void edge_opened(struct manager *m, struct stream *stream, const struct control *message) {
    stream->edge = message->from;
    if (!cell_run_is_empty(&stream->to_edge))
        manager_post_cells(m, stream->edge, &stream->to_edge);
}

static void edge_connected(struct manager *m, nsec now, struct half *half, const struct control *message) {
    uint8_t room[32];
    struct bytes_out body = bytes_out(room, sizeof room);
    connected_encode(&body, &message->u.connected);
    CHECK(bytes_out_ok(&body));
    struct span span = {room, bytes_written(&body)};
    if (!manager_half_originate(m, now, half, RELAY_CONNECTED, message->stream, span))
        return;
}

static void edge_failed(struct manager *m, nsec now, struct half *half, struct stream *stream,
                        uint8_t reason) {
    uint16_t id = stream->id;
    if (stream->is_resolve) {
        if (!manager_resolve_answered(m, now, half, stream, NULL))
            return;
        return;
    }
    manager_stream_free(m, half, stream);
    if (!send_end(m, now, half, id, reason))
        return;
}

/* tor-spec 6.3: with the address, so that the origin can learn what this exit does not allow. */
static void edge_refused(struct manager *m, nsec now, struct half *half, struct stream *stream,
                         const struct address *address) {
    uint16_t id = stream->id;
    uint8_t room[32];
    struct bytes_out body = bytes_out(room, sizeof room);
    end_policy_encode(&body, address);
    CHECK(bytes_out_ok(&body));
    manager_stream_free(m, half, stream);
    if (!manager_half_originate(m, now, half, RELAY_END, id, (struct span){room, bytes_written(&body)}))
        return;
}

void manager_stream_control(struct manager *m, nsec now, struct half *half, struct control *message) {
    struct stream *stream = stream_of_edge(half, message->stream, message->serial);
    if (!stream) {
        if (message->kind == CONTROL_EDGE_OPENED)
            manager_repost(m, message, object_station(message->from), message->from, CONTROL_EDGE_CLOSE);
    } else if (message->kind == CONTROL_EDGE_OPENED) {
        edge_opened(m, stream, message);
    } else if (message->kind == CONTROL_EDGE_FAILED) {
        edge_failed(m, now, half, stream, message->reason);
    } else if (message->kind == CONTROL_EDGE_REFUSED) {
        edge_refused(m, now, half, stream, &message->u.refused);
    } else if (message->kind == CONTROL_EDGE_RESOLVED) {
        if (!manager_resolve_answered(m, now, half, stream, &message->u.answer))
            return;
    } else if (message->kind == CONTROL_EDGE_CONNECTED) {
        edge_connected(m, now, half, message);
    } else if (message->kind == CONTROL_EDGE_FLUSHED) {
        count_undelivered(m, half, stream, -(int64_t)message->count);
        if (stream->has_stopped && stream->undelivered == 0)
            send_xon(m, now, half, stream);
        else
            count_stream_delivered(m, now, half, stream, message->count);
    }
}
