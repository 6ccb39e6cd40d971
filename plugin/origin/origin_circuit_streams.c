/* The streams of a circuit, or of all legs of its set, at the origin: found, told and heard, and flow control. */
#include "base/bytes.h"
#include "base/check.h"
#include "origin/origin_circuit.h"
#include "origin/origin_circuit_state.h"
#include "wire/relay_cell.h"

static struct origin_stream *origin_circuit_own_stream(struct origin_circuit *c, uint16_t id) {
    if (c->stream_recent && c->stream_recent->id == id)
        return c->stream_recent;
    for (struct list *entry = c->streams.next; entry != &c->streams; entry = entry->next) {
        struct origin_stream *s = LIST_ENTRY(entry, struct origin_stream, entry);
        if (s->id == id)
            return c->stream_recent = s;
    }
    return NULL;
}

struct origin_stream *origin_circuit_stream(struct origin_circuit *c, uint16_t id) {
    struct origin_stream *found = NULL;
    struct origin_circuit *leg;
    for (unsigned i = 0; !found && (leg = origin_circuit_next_with(c, &i)) != NULL;)
        found = origin_circuit_own_stream(leg, id);
    return found;
}

void origin_circuit_unblock_streams(struct origin_circuit *c) {
    struct origin_circuit *leg;
    for (unsigned i = 0; (leg = origin_circuit_next_with(c, &i)) != NULL;)
        for (struct list *entry = leg->streams.next; entry != &leg->streams; entry = entry->next)
            origin_stream_unblock(c->origin, LIST_ENTRY(entry, struct origin_stream, entry));
}

/* What must not be left unsaid: without a cell for it the circuit ends. */
void origin_circuit_say(struct origin_circuit *c, const struct relay_message *m) {
    if (c->state == ORIGIN_CIRCUIT_TRUNCATING)
        return;
    enum err e = c->set ? origin_conflux_say(c->set, m)
                        : origin_path_send(&c->path, c->path.hop_count - 1u, CELL_RELAY, m, CELL_MUST);
    if (e)
        origin_circuit_fail(c, ERR_LIMIT);
}

void origin_circuit_say_end(struct origin_circuit *c, const struct origin_stream *s, uint8_t reason) {
    struct relay_message m = {.command = RELAY_END, .stream = s->id, .data = {&reason, 1}};
    origin_circuit_say(c, &m);
}

/* A DATA cell counts for the circuit whether its stream still exists or not. */
enum err origin_circuit_count_data(struct origin_circuit *c) {
    bool owes_sendme;
    enum err e = circuit_flow_received(&origin_path_last(&c->path)->flow, &owes_sendme);
    if (e || !owes_sendme || c->state == ORIGIN_CIRCUIT_TRUNCATING)
        return e;
    return origin_path_send_sendme(&c->path);
}

enum err origin_circuit_receive_sendme(struct origin_circuit *c, nsec now, struct span data) {
    struct origin *o = c->origin;
    struct sendme_message m;
    enum err e = sendme_decode(data, &m);
    if (e)
        return e;
    if (m.version != 1)
        return ERR_PROTOCOL;
    uint32_t queued = c->path.queue.count;
    struct circuit_pressure pressure = {.queued = queued, .is_blocked = queued >= o->config.queue_cells_max};
    struct origin_hop *hop = origin_path_last(&c->path);
    e = circuit_flow_answered(&hop->flow, &o->config.congestion, now, &m, origin_hop_tag_length(hop),
                              pressure);
    if (e == ERR_OK)
        origin_circuit_unblock_streams(c);
    return e;
}

bool origin_circuit_has_congestion_control(const struct origin_circuit *c) {
    return origin_path_last(&c->path)->flow.is_congestion_controlled;
}

static void send_xoff(struct origin_circuit *c, struct origin_stream *s) {
    uint8_t room[8];
    struct bytes_out out = bytes_out(room, sizeof(room));
    xoff_encode(&out);
    s->has_stopped = true;
    struct relay_message m = {.command = RELAY_XOFF, .stream = s->id, .data = {room, bytes_written(&out)}};
    origin_circuit_say(c, &m);
}

void origin_circuit_say_xon(struct origin_circuit *c, struct origin_stream *s) {
    uint8_t room[8];
    struct bytes_out out = bytes_out(room, sizeof(room));
    xon_encode(&out, &(struct xon_message){.kb_per_s = 0});
    s->has_stopped = false;
    struct relay_message m = {.command = RELAY_XON, .stream = s->id, .data = {room, bytes_written(&out)}};
    origin_circuit_say(c, &m);
}

/* Takes *cell over when it sets it to NULL. */
static enum err receive_data(struct origin_circuit *c, struct origin_stream *s, struct cell **cell,
                             struct span data) {
    enum err e = origin_stream_receive_data(c->origin, s, *cell, data);
    if (e)
        return e;
    *cell = NULL;
    if (s->is_uncounted && !s->has_stopped &&
        s->inbox.count > (uint32_t)c->origin->config.congestion.xoff_client)
        send_xoff(c, s);
    return ERR_OK;
}

/* The exit cannot write so fast, or can again. */
static enum err receive_xoff_or_xon(struct origin_circuit *c, struct origin_stream *s,
                                    const struct relay_message *m) {
    struct xon_message xon;
    bool is_xoff = m->command == RELAY_XOFF;
    if (!s->is_uncounted)
        return ERR_PROTOCOL;
    enum err e = is_xoff ? xoff_decode(m->data) : xon_decode(m->data, &xon);
    if (e)
        return e;
    s->is_stopped = is_xoff;
    if (!is_xoff)
        origin_stream_unblock(c->origin, s);
    return ERR_OK;
}

static enum err receive_stream_sendme(struct origin_circuit *c, struct origin_stream *s) {
    return s->is_uncounted ? ERR_PROTOCOL : origin_stream_receive_sendme(c->origin, s);
}

static enum err receive_connected(struct origin *o, struct origin_stream *s, struct span data) {
    struct connected_message m;
    enum err e = connected_decode(data, &m);
    return e ? e : origin_stream_receive_connected(o, s, &m);
}

/* Messages of a stream. Those for a stream that we have ended may come late and are ignored. Takes *cell over when it
 * sets it to NULL. */
void origin_circuit_receive_for_stream(struct origin_circuit *c, const struct relay_message *m,
                                       struct cell **cell) {
    struct origin_stream *s = origin_circuit_stream(c, m->stream);
    if (!s || s->state == ORIGIN_STREAM_ENDED)
        return;
    enum err e = ERR_OK;
    switch (m->command) {
    case RELAY_CONNECTED: e = receive_connected(c->origin, s, m->data); break;
    case RELAY_SENDME: e = receive_stream_sendme(c, s); break;
    case RELAY_XOFF:
    case RELAY_XON: e = receive_xoff_or_xon(c, s, m); break;
    case RELAY_END: origin_stream_receive_end(c->origin, s, end_reason_decode(m->data)); break;
    case RELAY_DATA: e = receive_data(c, s, cell, m->data); break;
    default: break;
    }
    if (e) {
        origin_circuit_say_end(c, s, END_TORPROTOCOL);
        origin_stream_receive_end(c->origin, s, END_TORPROTOCOL);
    }
}

/* --- the user's side ----------------------------------------------------------------------------------- */

void origin_circuit_free_stream(struct origin_circuit *c, struct origin_stream *s) {
    if (c->stream_recent == s)
        c->stream_recent = NULL;
    list_remove(&s->entry);
    c->stream_count--;
    origin_stream_fini(c->origin, s);
    slab_put(&c->origin->streams, s);
}

static uint16_t choose_stream_id(struct origin_circuit *c) {
    uint16_t id, *next = c->set ? &c->set->stream_next : &c->stream_next;
    do {
        id = (*next)++;
        if (*next == 0)
            *next = 1;
    } while (origin_circuit_stream(c, id)); /* ends: ORIGIN_STREAMS_MAX is far below 65535 */
    return id;
}

struct origin_stream *origin_circuit_begin(struct origin_circuit *c, UNUSED nsec now,
                                           const struct begin_message *to) {
    if (c->state != ORIGIN_CIRCUIT_OPEN || c->stream_count == ORIGIN_STREAMS_MAX)
        return NULL;
    if (c->set && (!to || !origin_conflux_is_linked(c->set)))
        return NULL; /* proposal 329: no directory over sets */
    struct origin_stream *s = slab_take(&c->origin->streams);
    if (!s)
        return NULL;
    origin_stream_init(s, c, choose_stream_id(c));
    s->is_uncounted = origin_circuit_has_congestion_control(c);
    list_append(&c->streams, &s->entry);
    c->stream_count++;
    enum err e =
        c->set ? origin_conflux_begin(c->set, s->id, to) : origin_path_send_begin(&c->path, s->id, to);
    if (e == ERR_OK)
        return s;
    origin_circuit_free_stream(c, s);
    if (c->set)
        origin_circuit_fail(c, e); /* a number was given to it */
    return NULL;
}

static size_t package(struct origin_circuit *c, nsec now, struct origin_stream *s, struct span bytes,
                      bool *starved_out, bool *is_lost_out) {
    if (c->set)
        return origin_conflux_package(c->set, now, s->id, bytes, starved_out, is_lost_out);
    struct flow_window *window = s->is_uncounted ? NULL : &s->window;
    size_t sent = origin_path_package(&c->path, now, s->id, window, bytes, starved_out);
    *is_lost_out = c->path.is_lost;
    return sent;
}

size_t origin_circuit_send(struct origin_circuit *c, nsec now, struct origin_stream *s, const uint8_t *bytes,
                           size_t length) {
    CHECK(s->circuit == c);
    if (c->state != ORIGIN_CIRCUIT_OPEN || s->state == ORIGIN_STREAM_ENDED)
        return 0;
    if (s->is_stopped) {
        origin_stream_block(s);
        return 0;
    }
    bool is_starved, is_lost;
    size_t sent = package(c, now, s, (struct span){bytes, length}, &is_starved, &is_lost);
    if (is_lost)
        origin_circuit_fail(c, ERR_LIMIT);
    else if (is_starved)
        origin_stream_starve(c->origin, s);
    else if (sent < length)
        origin_stream_block(s);
    return sent;
}

void origin_circuit_end(struct origin_circuit *c, UNUSED nsec now, struct origin_stream *s, uint8_t reason) {
    CHECK(s->circuit == c);
    if (c->state != ORIGIN_CIRCUIT_CLOSED && s->state != ORIGIN_STREAM_ENDED)
        origin_circuit_say_end(c, s, reason);
    origin_circuit_free_stream(c, s);
}

struct cell *origin_circuit_read(struct origin_circuit *c, struct origin_stream *s) {
    uint16_t due;
    struct cell *cell = origin_stream_read(s, &due);
    struct relay_message m = {.command = RELAY_SENDME, .stream = s->id};
    while (due-- > 0 && c->state != ORIGIN_CIRCUIT_CLOSED && s->state == ORIGIN_STREAM_CONNECTED)
        origin_circuit_say(c, &m);
    if (s->has_stopped && cell_run_is_empty(&s->inbox) && c->state == ORIGIN_CIRCUIT_OPEN &&
        s->state == ORIGIN_STREAM_CONNECTED)
        origin_circuit_say_xon(c, s);
    return cell;
}
