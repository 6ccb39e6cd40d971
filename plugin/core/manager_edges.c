/* Exit streams at their edge: the connection to the destination, which may live on another thread than the circuit. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

#define FLUSH_REPORT_CHUNKS \
    (STREAM_WINDOW_INCREMENT / 2) /* tell the half before the origin runs out of window */

static struct edge *edge_get(struct manager *m, edge_id id) {
    return slot_map_get(&m->edges, id);
}

static void edge_free(struct manager *m, struct edge *edge) {
    if (edge->circuit.is_closing)
        m->lingering -= edge->circuit.out.count;
    timers_clear(&m->edge_timers, &edge->linger);
    manager_free_run(m, &edge->circuit.out);
    slot_map_remove(&m->edges, edge->id);
    slab_put(&m->edges_slab, edge);
    control_spares_release(&m->spares, EDGE_LAST_WORDS);
}

void manager_edges_stop(struct manager *m) {
    uint32_t cursor = 0;
    struct edge *edge;
    while ((edge = slot_map_next(&m->edges, &cursor)) != NULL)
        edge_free(m, edge);
}

void manager_edge_close(struct manager *m, struct edge *edge, uint8_t reason) {
    manager_trace(m, TRACE_EDGE_CLOSE, NULL, 0, 0, 0, reason);
    m->port->edge_close(m->port, edge->id);
    edge_free(m, edge);
}

static struct control *fill_in(struct control *message, const struct edge *edge) {
    if (!message)
        return NULL;
    message->from = edge->id;
    message->stream = edge->circuit.stream;
    message->serial = edge->circuit.serial;
    return message;
}

struct control *manager_edge_tell(struct manager *m, const struct edge *edge, enum control_kind kind) {
    half_id half = edge->circuit.half;
    return fill_in(manager_post(m, object_station(half), half, kind), edge);
}

void manager_edge_tell_failed(struct manager *m, const struct edge *edge, uint8_t reason) {
    half_id half = edge->circuit.half;
    struct control *message =
        fill_in(manager_post_last(m, object_station(half), half, CONTROL_EDGE_FAILED), edge);
    CHECK(message);
    message->reason = reason;
}

/* We have not the memory to go on with it. */
static void edge_give_up(struct manager *m, struct edge *edge) {
    manager_edge_tell_failed(m, edge, END_RESOURCELIMIT);
    manager_edge_close(m, edge, END_RESOURCELIMIT);
}

static struct edge *edge_new(struct manager *m, const struct control *ask) {
    if (!control_spares_reserve(&m->spares, EDGE_LAST_WORDS))
        return NULL;
    struct edge *edge = slab_take(&m->edges_slab);
    if (edge) {
        *edge = (struct edge){.id = 0};
        circuit_edge_init(&edge->circuit, ask->from, ask->stream, ask->serial, ask->count,
                          (enum relay_format)ask->format);
        edge->id = slot_map_add(&m->edges, edge);
        if (edge->id)
            return edge;
        slab_put(&m->edges_slab, edge);
    }
    control_spares_release(&m->spares, EDGE_LAST_WORDS);
    return NULL;
}

void manager_edge_open_control(struct manager *m, nsec now, struct control *message) {
    (void)now;
    struct edge *edge = edge_new(m, message);
    if (!edge || !manager_edge_tell(m, edge, CONTROL_EDGE_OPENED)) {
        if (edge)
            edge_free(m, edge);
        message->reason = END_RESOURCELIMIT;
        manager_repost(m, message, object_station(message->from), message->from, CONTROL_EDGE_FAILED);
        return;
    }
    if (message->kind == CONTROL_EDGE_RESOLVE) {
        manager_edge_ask(m, edge, &message->u.query);
        return;
    }
    const struct begin_message *to = &message->u.edge_open;
    manager_trace(m, TRACE_EDGE_OPEN, NULL, 0, 0, 0, to->port);
    if (to->kind == STREAM_DIRECTORY)
        m->port->edge_open(m->port, edge->id, to);
    else
        manager_edge_find(m, edge, to);
}

/* --- what the runtime says ------------------------------------------------------------------------------------------- */

void manager_edge_connected(struct manager *m, nsec now, edge_id id, const struct address *destination) {
    (void)now;
    struct edge *edge = edge_get(m, id);
    if (!edge)
        return;
    edge->circuit.is_connected = true;
    manager_trace(m, TRACE_EDGE_CONNECTED, NULL, 0, 0, 0, 0);
    struct control *message = manager_edge_tell(m, edge, CONTROL_EDGE_CONNECTED);
    if (!message) {
        edge_give_up(m, edge);
        return;
    }
    message->u.connected = (struct connected_message){.address = *destination, .ttl_s = CONNECTED_TTL_MAX_S};
    if (!cell_run_is_empty(&edge->circuit.out))
        m->port->edge_want_write(m->port, id);
}

/* Its half may be on its way to another manager. */
static void post_to_half(struct manager *m, const struct edge *edge, struct cell_run *run) {
    if (object_is_parking(edge->circuit.half))
        manager_park_cells(m, edge->circuit.half, run);
    else
        manager_post_cells(m, edge->circuit.half, run);
}

/* The end travels with the data, or the last bytes would be lost; as they are when there is no cell for it. */
static void post_end(struct manager *m, const struct edge *edge, uint8_t reason) {
    struct cell *end = manager_cell(m, CELL_MUST);
    if (!end) {
        manager_edge_tell_failed(m, edge, END_RESOURCELIMIT);
        return;
    }
    end->kind = CELL_KIND_CHUNK_END;
    end->circ_id = edge->circuit.stream;
    end->serial = edge->circuit.serial;
    end->length = 1;
    end->data_at = 0;
    end->body[0] = reason;
    struct cell_run run = {0};
    cell_run_append(&run, end);
    post_to_half(m, edge, &run);
}

void manager_edge_closed(struct manager *m, nsec now, edge_id id, uint8_t end_reason) {
    (void)now;
    struct edge *edge = edge_get(m, id);
    if (!edge)
        return;
    manager_trace(m, TRACE_EDGE_CLOSE, NULL, 0, 0, 0, end_reason);
    if (edge->circuit.is_connected)
        post_end(m, edge, end_reason);
    else
        manager_edge_tell_failed(m, edge, end_reason);
    edge_free(m, edge);
}

size_t manager_edge_room(struct manager *m, edge_id id) {
    struct edge *edge = edge_get(m, id);
    return edge && edge->circuit.is_connected && !m->is_memory_tight ? circuit_edge_room(&edge->circuit) : 0;
}

void manager_edges_want_read(struct manager *m, bool on) {
    uint32_t cursor = 0;
    struct edge *edge;
    while ((edge = slot_map_next(&m->edges, &cursor)) != NULL)
        if (edge->circuit.is_connected && !edge->circuit.is_paused)
            m->port->edge_want_read(m->port, edge->id, on);
}

/* False when the cells do not suffice: what was cut so far is in run_out. */
static bool cut(struct manager *m, struct edge *edge, const uint8_t *bytes, size_t length,
                struct cell_run *run_out) {
    while (length) {
        struct cell *chunk = manager_cell(m, CELL_MAY_FAIL);
        if (!chunk)
            return false;
        size_t size = circuit_edge_cut(&edge->circuit, bytes, length, chunk);
        cell_run_append(run_out, chunk);
        bytes += size;
        length -= size;
    }
    return true;
}

void manager_edge_receive(struct manager *m, nsec now, edge_id id, const uint8_t *bytes, size_t length) {
    struct edge *edge = edge_get(m, id);
    if (!edge)
        return;
    struct cell_run run = {0};
    m->work.edge_bytes_in += length;
    bool complete = cut(m, edge, bytes, length, &run);
    if (!cell_run_is_empty(&run))
        post_to_half(m, edge, &run);
    if (!complete) {
        m->port->edge_close(m->port, id);
        manager_edge_closed(m, now, id, END_RESOURCELIMIT);
        return;
    }
    if (edge->circuit.credit == 0) {
        edge->circuit.is_paused = true;
        m->port->edge_want_read(m->port, id, false);
    }
    if (manager_memory_may_be_tight(m))
        manager_memory_review(m, now);
}

uint32_t manager_edge_take(struct manager *m, edge_id id, struct span *spans_out, uint32_t max) {
    struct edge *edge = edge_get(m, id);
    return edge ? circuit_edge_spans(&edge->circuit, spans_out, max) : 0;
}

/* False when it cannot be said, and there will be no later occasion. */
static bool report_flushed(struct manager *m, struct edge *edge) {
    bool idle = cell_run_is_empty(&edge->circuit.out);
    if (edge->flushed_unreported < (idle ? 1 : FLUSH_REPORT_CHUNKS))
        return true;
    struct control *message = manager_edge_tell(m, edge, CONTROL_EDGE_FLUSHED);
    if (!message)
        return !idle;
    message->count = edge->flushed_unreported;
    edge->flushed_unreported = 0;
    return true;
}

/* Edges whose stream has ended have too much: the one that has waited longest for its destination goes. */
static void bound_lingering(struct manager *m) {
    struct timer *t;
    while (m->lingering > MANAGER_LINGERING_MAX(m->config->cells_max_per_manager) &&
           (t = timers_take_due(&m->edge_timers, timers_next(&m->edge_timers))) != NULL)
        manager_edge_close(m, LIST_ENTRY(t, struct edge, linger), END_RESOURCELIMIT);
}

/* The stream has ended. What is left is written as long as the destination reads. */
static void linger_or_close(struct manager *m, nsec now, struct edge *edge) {
    if (!edge->circuit.is_closing)
        return;
    if (cell_run_is_empty(&edge->circuit.out) ||
        timers_set(&m->edge_timers, &edge->linger, now + EDGE_LINGER))
        manager_edge_close(m, edge, END_DONE);
    else
        bound_lingering(m);
}

void manager_edges_tick(struct manager *m, nsec now) {
    struct timer *t;
    while ((t = timers_take_due(&m->edge_timers, now)) != NULL)
        manager_edge_close(m, LIST_ENTRY(t, struct edge, linger), END_TIMEOUT);
}

void manager_edge_wrote(struct manager *m, nsec now, edge_id id, size_t length) {
    struct edge *edge = edge_get(m, id);
    if (!edge)
        return;
    m->work.edge_bytes_out += length;
    struct cell_run done = {0};
    circuit_edge_written(&edge->circuit, length, &done);
    edge->flushed_unreported += done.count;
    if (edge->circuit.is_closing)
        m->lingering -= done.count;
    manager_free_run(m, &done);
    if (report_flushed(m, edge) || edge->circuit.is_closing)
        linger_or_close(m, now, edge);
    else
        edge_give_up(m, edge);
}

/* --- what the half says ---------------------------------------------------------------------------------------------- */

void manager_edge_control(struct manager *m, nsec now, struct control *message) {
    (void)now;
    struct edge *edge = edge_get(m, message->to);
    if (!edge)
        return;
    if (message->kind == CONTROL_EDGE_CLOSE) {
        manager_edge_close(m, edge, END_DESTROY);
        return;
    }
    edge->circuit.credit += message->count;
    CHECK(edge->circuit.credit <= EDGE_CREDIT);
    if (edge->circuit.is_paused && edge->circuit.credit > 0) {
        edge->circuit.is_paused = false;
        if (!m->is_memory_tight)
            m->port->edge_want_read(m->port, edge->id, true);
    }
}

void manager_edge_chunks(struct manager *m, nsec now, edge_id id, struct cell_run *run) {
    struct edge *edge = edge_get(m, id);
    if (!edge) {
        manager_unclaimed_cells(m, now, run);
        return;
    }
    struct cell *chunk;
    while ((chunk = cell_run_shift(run)) != NULL) {
        if (chunk->kind == CELL_KIND_CHUNK && !edge->circuit.is_closing) {
            cell_run_append(&edge->circuit.out, chunk);
            continue;
        }
        if (chunk->kind == CELL_KIND_CHUNK_END && !edge->circuit.is_closing) {
            edge->circuit.is_closing = true;
            m->lingering += edge->circuit.out.count;
        }
        manager_free_cell(m, chunk);
    }
    if (edge->circuit.is_connected && !cell_run_is_empty(&edge->circuit.out))
        m->port->edge_want_write(m->port, id);
    linger_or_close(m, now, edge); /* also when it is not connected yet: nobody else would */
}
