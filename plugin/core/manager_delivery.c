/* Exit streams, from the origin: data on its way to the edge, counted, bounded and answered (tor-spec 7.3, 7.4; proposal
 * 324). */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

/* The edge needs a moment to write what comes in bursts, and to tell us. */
#define XOFF_GRACE (5 * NSEC_PER_MS)

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
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    bool owes_sendme;
    struct circuit_flow *flow = &half->exit->flow;
    if (circuit_flow_received(flow, &owes_sendme)) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return false;
    }
    if (!owes_sendme)
        return true;
    bool shows_tag = flow->is_congestion_controlled || m->params.sendme_emit_min_version > 0;
    struct sendme_message sendme = {.version = shows_tag,
                                    .tag_length = circuit_half_tag_length(&half->circuit)};
    circuit_half_received_tag(&half->circuit, m->crypt, sendme.tag);
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
    manager_stream_close_edge(m, stream);
    manager_stream_free(m, half, stream);
    if (!manager_stream_send_end(m, now, half, id, END_RESOURCELIMIT))
        return;
}

void manager_stream_data(struct manager *m, nsec now, struct half *half, const struct relay_message *message,
                         struct cell *cell) {
    uint16_t id = message->stream, length = (uint16_t)message->data.length;
    if ((!half->is_set && !manager_count_circuit_data(m, now, half))) {
        manager_free_cell(m, cell);
        return;
    }
    struct stream *stream = manager_stream_of(half, id);
    if (!stream) {
        manager_free_cell(m, cell); /* half-closed: late data is ignored */
        return;
    }
    if (!half->exit->flow.is_congestion_controlled && flow_receive(&stream->window)) {
        manager_free_cell(m, cell);
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
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
    manager_count_undelivered(m, half, stream, 1);
    send_to_edge(m, stream, cell);
    half_id half_before = half->id;
    note_crowding(m, now, half, stream);
    if ((half = manager_half(m, half_before)) != NULL)
        bound_undelivered(m, now, half);
}

/* The origin is done with the stream: the edge closes when what it has is written. */
void manager_stream_end(struct manager *m, struct half *half, const struct relay_message *message,
                        struct cell *cell) {
    struct stream *stream = manager_stream_of(half, message->stream);
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

void manager_stream_flushed(struct manager *m, nsec now, struct half *half, struct stream *stream,
                            uint32_t count) {
    manager_count_undelivered(m, half, stream, -(int64_t)count);
    half->circuit.cells_sent += count;
    if (stream->has_stopped && stream->undelivered == 0)
        send_xon(m, now, half, stream);
    else
        count_stream_delivered(m, now, half, stream, count);
}
