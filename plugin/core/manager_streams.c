/* Exit streams at the half towards the origin: BEGIN to END (tor-spec 6.2). */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

struct stream *manager_stream_of(const struct half *half, uint16_t id) {
    return half->exit ? table_get(&half->exit->streams, id) : NULL;
}

/* What an edge sends is for the stream that it was opened for, not for a later one with the same id. */
struct stream *manager_stream_of_edge(const struct half *half, uint16_t id, uint32_t serial) {
    struct stream *stream = manager_stream_of(half, id);
    return stream && stream->serial == serial ? stream : NULL;
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

void manager_count_undelivered(struct manager *m, struct half *half, struct stream *stream, int64_t change) {
    stream->undelivered = (uint32_t)(stream->undelivered + change);
    half->exit->undelivered = (uint32_t)(half->exit->undelivered + change);
    m->undelivered = (uint32_t)(m->undelivered + change);
}

/* It may have been taken off the table already. */
void manager_stream_free(struct manager *m, struct half *half, struct stream *stream) {
    manager_count_undelivered(m, half, stream, -(int64_t)stream->undelivered);
    table_remove(&half->exit->streams, stream->id);
    list_remove(&stream->blocked);
    manager_free_run(m, &stream->to_origin);
    manager_free_run(m, &stream->to_edge);
    manager_stream_unpace(m, stream);
    slab_put(&m->streams_slab, stream);
    control_spares_release(&m->spares, STREAM_LAST_WORDS);
}

void manager_stream_close_edge(struct manager *m, const struct stream *stream) {
    if (stream->edge)
        manager_post_last(m, object_station(stream->edge), stream->edge, CONTROL_EDGE_CLOSE);
}

void manager_streams_close(struct manager *m, struct half *half) {
    if (!half->exit)
        return;
    uint32_t cursor = 0;
    struct stream *stream;
    while ((stream = table_take(&half->exit->streams, &cursor)) != NULL) {
        manager_stream_close_edge(m, stream);
        manager_stream_free(m, half, stream);
    }
    table_fini(&half->exit->streams);
    circuit_flow_fini(&half->exit->flow, m->memory);
    list_remove(&half->exit->resuming);
    memory_release(m->memory, half->exit, sizeof *half->exit);
    half->exit = NULL;
}

bool manager_stream_send_end(struct manager *m, nsec now, struct half *half, uint16_t stream,
                             uint8_t reason) {
    return manager_half_originate(m, now, half, RELAY_END, stream, (struct span){&reason, 1});
}

/* --- from the origin ------------------------------------------------------------------------------------------------ */

/* tor-spec 6.2: a client may not use us as a one-hop proxy, nor an unlisted relay as its only one (refuseunknownexits). */
bool manager_previous_hop_may_begin(const struct manager *m, const struct half *half) {
    if (half->is_set)
        return half->rare->set->may_begin;
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
        ask->count = stream->credit = manager_credit_share(half);
        return;
    }
    if (stream)
        manager_stream_free(m, half, stream);
    if (!manager_stream_send_end(m, now, half, id, END_RESOURCELIMIT))
        return;
}

/* False when the circuit had to be closed: the id must be a new one. */
static bool stream_id_is_free(struct manager *m, nsec now, struct half *half, uint16_t id) {
    if (id != 0 && !manager_stream_of(half, id))
        return true;
    manager_half_fail(m, now, half, DESTROY_PROTOCOL);
    return false;
}

static void begin(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    struct begin_message begin;
    uint8_t refusal = 0;
    half_id id = half->id;
    if (!stream_id_is_free(m, now, half, message->stream))
        return;
    if (begin_decode(message->data, &begin) || !manager_previous_hop_may_begin(m, half))
        refusal = END_TORPROTOCOL;
    else if (!m->config->is_exit)
        refusal = END_EXITPOLICY;
    else if (m->hibernation != HIBERNATION_NONE)
        refusal = END_HIBERNATING;
    else if (!manager_client_may_begin(m, now, half))
        refusal = END_MISC; /* not RESOURCELIMIT: clients would take us for full (tor has it so) */
    if (!manager_half(m, id))
        return;
    if (!refusal)
        open_stream(m, now, half, message->stream, manager_next_edge_station(m), &begin);
    else if (!manager_stream_send_end(m, now, half, message->stream, refusal))
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
    if (m->config->is_directory && m->hibernation == HIBERNATION_NONE)
        open_stream(m, now, half, id, m->station, &to);
    else
        (void)!manager_stream_send_end(m, now, half, id,
                                       m->config->is_directory ? END_HIBERNATING : END_NOTDIRECTORY);
}

static void resolve(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    half_id id = half->id;
    if (!stream_id_is_free(m, now, half, message->stream))
        return;
    if (!manager_previous_hop_may_begin(m, half)) {
        (void)!manager_stream_send_end(m, now, half, message->stream, END_TORPROTOCOL);
        return;
    }
    bool is_refused = !manager_client_may_begin(m, now, half);
    if (!manager_half(m, id))
        return;
    if (is_refused)
        (void)!manager_resolve_refuse(m, now, half, message->stream);
    else
        (void)!manager_resolve(m, now, half, message);
}

void manager_stream_message(struct manager *m, nsec now, struct half *half,
                            const struct relay_message *message, struct cell *cell) {
    switch (message->command) {
    case RELAY_DATA: manager_stream_data(m, now, half, message, cell); return;
    case RELAY_END: manager_stream_end(m, half, message, cell); return;
    case RELAY_BEGIN: begin(m, now, half, message); break;
    case RELAY_SENDME: manager_stream_sendme(m, now, half, message); break;
    case RELAY_XOFF:
    case RELAY_XON: manager_stream_xoff_or_xon(m, now, half, message); break;
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
    if (!manager_stream_send_end(m, now, half, id, reason))
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
    struct stream *stream = manager_stream_of_edge(half, message->stream, message->serial);
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
        manager_stream_flushed(m, now, half, stream, message->count);
    }
}
