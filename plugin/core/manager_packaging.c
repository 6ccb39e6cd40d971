/* Exit streams, towards the origin: flow control (tor-spec 7.3, 7.4; proposal 324).
 *
 * The half packages what the edge's chunks bring and keeps the windows; the edge knows only its credit. */
#include <assert.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

static_assert(FLOW_TAG_LEN == SHA1_LEN, "whole digests are kept");

/* An edge's share of what may be on its way to the circuit. */
uint16_t manager_credit_share(const struct half *half) {
    uint32_t share = CIRCUIT_CREDIT_MAX / (half->exit->streams.count + 1);
    if (share > EDGE_CREDIT)
        return EDGE_CREDIT;
    return (uint16_t)(share < EDGE_CREDIT_LEAST ? EDGE_CREDIT_LEAST : share);
}

/* Give back what is owed, more or less of it as the edge's share has changed. False when the edge has no credit left and
 * cannot be given any. Until then it is owed, and paid with a later chunk. */
static bool pay_credit(struct manager *m, const struct half *half, struct stream *stream) {
    uint16_t share = manager_credit_share(half), kept = (uint16_t)(stream->credit - stream->credit_owed);
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
    return half->is_set ? manager_set_position(half) : &half->exit->flow;
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
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return NULL;
    }
    return cell_run_shift(&stream->to_origin);
}

/* Behind the data and its four zeros, where a DATA cell is padded (tor-spec 6.1). */
static void pad_unforeseen(struct manager *m, struct half *half, struct cell *chunk) {
    if (!chunk_has_room(chunk) || !circuit_flow_wants_unforeseen(flow_of_next(half)))
        return;
    m->crypt->padding(m->crypt->context, chunk_bytes(chunk) + chunk->length + 4, CHUNK_PADDING);
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
    manager_stream_paced(stream, now, chunk->length);
    if (!manager_half_originate_cell(m, now, half, chunk, &data, tag))
        return false;
    if (!half->is_set && circuit_flow_sent(&exit->flow, m->memory, now, tag)) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
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
    return manager_stream_send_end(m, now, half, id, reason);
}

/* The origin lets this stream go on. */
static bool stream_may_package(const struct half *half, const struct stream *stream) {
    return half->exit->flow.is_congestion_controlled ? !stream->is_stopped
                                                     : flow_may_package(&stream->window);
}

/* And the circuit: its window, and the queue for its link, which would otherwise hold what the window allows, where nobody
 * sees how long it waits. */
static bool circuit_may_package(struct manager *m, struct half *half) {
    if (half->is_set)
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
        if (!stream_may_package(half, stream) || !manager_stream_keeps_pace(m, now, stream))
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

/* What a stream that is not called up may send at once: who comes while others wait for the circuit waits behind them, also
 * when there is room already but they have not been called yet. */
static uint32_t cells_at_once(const struct half *half) {
    return list_is_empty(&half->exit->blocked) ? UINT32_MAX : 0;
}

void manager_stream_chunks(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    half_id id = half->id;
    struct cell *chunk;
    while ((half = manager_half(m, id)) != NULL && (chunk = cell_run_shift(run)) != NULL) {
        struct stream *stream = manager_stream_of_edge(half, (uint16_t)chunk->circ_id, chunk->serial);
        if (!stream) {
            manager_free_cell(m, chunk);
            continue;
        }
        bool was_waiting = !cell_run_is_empty(&stream->to_origin);
        cell_run_append(&stream->to_origin, chunk);
        if (!was_waiting && !stream_flush(m, now, half, stream, cells_at_once(half)))
            return;
    }
}

void manager_streams_unblock(struct manager *m, nsec now, struct half *half) {
    half_id id = half->id;
    if (half_leg(half)) {
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
                                        .is_blocked = half_leg(half) ? is_busy : half->exit->is_queue_full};
    return circuit_flow_answered(&half->exit->flow, &m->params.congestion, now, sendme,
                                 circuit_half_tag_length(&half->circuit), pressure) == ERR_OK;
}

static void circuit_sendme(struct manager *m, nsec now, struct half *half, struct span body) {
    struct sendme_message sendme;
    if (sendme_decode(body, &sendme) || !circuit_sendme_is_due(m, now, half, &sendme))
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
    else
        manager_streams_unblock(m, now, half);
}

void manager_stream_sendme(struct manager *m, nsec now, struct half *half,
                           const struct relay_message *message) {
    if (message->stream == 0) {
        circuit_sendme(m, now, half, message->data);
        return;
    }
    if (half->terms.sendme_inc) { /* there are none under congestion control */
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct stream *stream = manager_stream_of(half, message->stream);
    if (!stream)
        return;
    if (flow_sendme_received(&stream->window)) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    if (!stream_flush(m, now, half, stream, cells_at_once(half)))
        return;
}

/* The origin cannot read so fast, or can again, at a rate that it advises. */
void manager_stream_xoff_or_xon(struct manager *m, nsec now, struct half *half,
                                const struct relay_message *message) {
    struct xon_message xon = {.kb_per_s = 0};
    bool is_xoff = message->command == RELAY_XOFF;
    if (!half->terms.sendme_inc || (is_xoff ? xoff_decode(message->data) : xon_decode(message->data, &xon))) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct stream *stream = manager_stream_of(half, message->stream);
    if (!stream)
        return;
    stream->is_stopped = is_xoff;
    if (is_xoff)
        return;
    manager_stream_advised(m, now, half, stream, xon.kb_per_s);
    if (!stream_flush(m, now, half, stream, cells_at_once(half)))
        return;
}

void manager_paces_tick(struct manager *m, nsec now) {
    struct timer *t;
    while ((t = timers_take_due(&m->pace_timers, now)) != NULL) {
        const struct stream_pace *pace = LIST_ENTRY(t, struct stream_pace, timer);
        struct half *half = manager_half(m, pace->half);
        CHECK(half); /* a stream ends with its half */
        if (!stream_flush(m, now, half, pace->stream, cells_at_once(half)))
            continue;
    }
}
