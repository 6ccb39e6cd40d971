/* Circuits of a manager: made, extended, carried and closed. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"

#define CIRC_ID_HIGH_BIT 0x80000000u
#define CIRC_ID_TRIES    64u

struct half *manager_half(struct manager *m, half_id id) {
    return slot_map_get(&m->halves, id);
}

/* --- coming and going ----------------------------------------------------------------------------------------------- */

static struct half *half_new(struct manager *m, struct link *link, uint32_t circ_id, bool towards_origin) {
    if (!control_spares_reserve(&m->spares, HALF_LAST_WORDS))
        return NULL;
    struct half *half = slab_take(&m->halves_slab);
    if (!half) {
        control_spares_release(&m->spares, HALF_LAST_WORDS);
        return NULL;
    }
    *half = (struct half){.link = link, .is_towards_origin = towards_origin};
    circuit_half_init(&half->circuit, m->crypt, circ_id, (uint32_t)m->params.circ_max_cell_queue_size);
    half->id = slot_map_add(&m->halves, half);
    if (half->id && table_set(&link->circuits, circ_id, half) == ERR_OK) {
        list_init(&half->on_link);
        list_append(&link->halves, &half->on_link);
        return half;
    }
    if (half->id)
        slot_map_remove(&m->halves, half->id);
    slab_put(&m->halves_slab, half);
    control_spares_release(&m->spares, HALF_LAST_WORDS);
    return NULL;
}

/* DESTROY goes ahead of everything on the link. A peer that makes us owe it too many has stopped reading; that one, or one
 * to which we cannot say it for want of a cell, is cut off: it would keep the circuit for ever. */
static void queue_destroy(struct manager *m, nsec now, struct link *link, uint32_t circ_id, uint8_t reason) {
    struct cell *cell = link->urgent.count < LINK_URGENT_MAX ? manager_cell(m, CELL_MUST) : NULL;
    if (!cell) {
        manager_link_doom(m, now, link);
        return;
    }
    cell->kind = CELL_KIND_CELL;
    cell->command = CELL_DESTROY;
    cell->circ_id = circ_id;
    cell->length = CELL_BODY_LEN;
    memset(cell->body, 0, CELL_BODY_LEN);
    cell->body[0] = reason;
    cell_run_append(&link->urgent, cell);
    link->queued++;
    manager_link_want_write(m, link);
}

static void tell_peer(struct manager *m, half_id from, half_id peer, int reason) {
    if (!peer || reason == NO_REASON)
        return;
    struct control *message = manager_post_last(m, object_station(peer), peer, CONTROL_DESTROY);
    CHECK(message);
    message->from = from;
    message->reason = (uint8_t)reason;
}

void manager_half_close(struct manager *m, nsec now, struct half *half, int reason_link, int reason_peer) {
    struct link *link = half->link;
    manager_trace(m, TRACE_CIRCUIT_CLOSE, link, half->circuit.circ_id, 0, 0,
                  (uint32_t)(reason_link == NO_REASON ? 0 : reason_link));
    link->queued -= half->circuit.queue.count;
    manager_free_run(m, &half->circuit.queue);
    sched_deactivate(&link->queue, &half->sched);
    table_remove(&link->circuits, half->circuit.circ_id);
    list_remove(&half->on_link);
    if (list_is_empty(&link->halves))
        link->idle_since = now;
    if (reason_link != NO_REASON)
        queue_destroy(m, now, link, half->circuit.circ_id, (uint8_t)reason_link);
    tell_peer(m, half->id, half->peer, reason_peer);
    manager_streams_close(m, half);
    slot_map_remove(&m->halves, half->id);
    circuit_half_fini(&half->circuit, m->memory);
    slab_put(&m->halves_slab, half);
    control_spares_release(&m->spares, HALF_LAST_WORDS);
    m->work.circuits_closed++;
}

/* We found the fault: both sides hear of it. */
static void fail(struct manager *m, nsec now, struct half *half, enum destroy_reason reason) {
    manager_half_close(m, now, half, reason, DESTROY_DESTROYED);
}

/* --- cells that wait for the link ------------------------------------------------------------------------------------ */

static void count_activity(struct manager *m, nsec now, struct half *half) {
    uint32_t second = (uint32_t)(now / NSEC_PER_S);
    if (m->active_second != second) {
        m->active_last = m->active_second + 1 == second ? m->active_now : 0;
        m->active_now = 0;
        m->active_second = second;
    }
    if (half->active_second != second) {
        half->active_second = second;
        m->active_now++;
    }
}

void manager_half_queued(struct manager *m, nsec now, struct half *half, uint32_t cells) {
    struct link *link = half->link;
    link->queued += cells;
    count_activity(m, now, half);
    if (sched_activate(&m->scheduler, now, &link->queue, &half->sched)) {
        fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    manager_link_want_write(m, link);
}

void manager_half_deliver(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    uint32_t count = run->count;
    if (m->last_half != half->id) {
        m->last_half = half->id;
        m->work.circuit_switches++;
    }
    enum err e = circuit_half_deliver(&half->circuit, run, &m->work);
    half_id id = half->id;
    manager_half_queued(m, now, half, count);
    if (e && (half = manager_half(m, id)) != NULL)
        fail(m, now, half, DESTROY_RESOURCELIMIT);
}

bool manager_half_originate_chunk(struct manager *m, nsec now, struct half *half, struct cell *chunk,
                                  uint16_t stream, uint8_t *tag_out) {
    half_id id = half->id;
    manager_trace(m, TRACE_RELAY_OUT, half->link, half->circuit.circ_id, chunk->body[0],
                  load_u16(chunk->body + 9), stream);
    enum err e = circuit_half_originate(&half->circuit, chunk, tag_out, &m->work);
    manager_half_queued(m, now, half, 1);
    half = manager_half(m, id);
    if (e && half)
        fail(m, now, half, DESTROY_RESOURCELIMIT);
    return !e && half;
}

bool manager_half_originate(struct manager *m, nsec now, struct half *half, uint8_t command, uint16_t stream,
                            struct span data) {
    struct cell *cell = manager_cell(m, CELL_MUST);
    if (!cell) {
        fail(m, now, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    uint8_t padding[CELL_BODY_LEN];
    rng_fill(&m->rng, padding, sizeof padding);
    struct relay_message message = {.command = command, .stream = stream, .data = data};
    relay_message_encode(cell->body, &message, padding);
    return manager_half_originate_chunk(m, now, half, cell, stream, NULL);
}

/* --- CREATE2: we become a hop ----------------------------------------------------------------------------------------- */

/* tor-spec 5.1.1: whoever opened the TLS connection uses ids with the high bit set. */
static bool peer_may_use_id(const struct link *link, uint32_t circ_id) {
    bool high = circ_id & CIRC_ID_HIGH_BIT;
    return high == !link->is_initiator;
}

void manager_circuit_create(struct manager *m, nsec now, struct link *link, const struct cell_view *cell) {
    if (cell->circ_id == 0)
        return; /* not even to be refused: 0 is the link itself (C tor ignores it too) */
    struct half *known = table_get(&link->circuits, cell->circ_id);
    if (known) {
        fail(m, now, known, DESTROY_PROTOCOL);
        return;
    }
    struct create2_message create;
    struct job job = {.kind = JOB_NTOR_ANSWER};
    if (!peer_may_use_id(link, cell->circ_id) || cell->command != CELL_CREATE2 ||
        create2_decode((struct span){cell->body, cell->length}, &create) || create.type != HANDSHAKE_NTOR ||
        create.data.length != sizeof job.data) {
        queue_destroy(m, now, link, cell->circ_id, DESTROY_PROTOCOL);
        return;
    }
    manager_trace(m, TRACE_CIRCUIT_CREATE, link, cell->circ_id, 0, 0, create.type);
    struct half *half = half_new(m, link, cell->circ_id, true);
    if (!half) {
        queue_destroy(m, now, link, cell->circ_id, DESTROY_RESOURCELIMIT);
        return;
    }
    half->state = HALF_HANDSHAKING;
    job.half = half->id;
    job.data_length = (uint16_t)create.data.length;
    memcpy(job.data, create.data.data, create.data.length);
    m->port->offload(m->port, &job);
}

static enum destroy_reason reason_of(enum err e) {
    return e == ERR_LIMIT ? DESTROY_RESOURCELIMIT : DESTROY_PROTOCOL;
}

void manager_job_done(struct manager *m, nsec now, const struct job_result *result) {
    struct half *half = manager_half(m, result->half);
    if (!half)
        return;
    CHECK(half->state == HALF_HANDSHAKING);
    enum err e = result->error;
    if (!e)
        e = circuit_half_set_keys(&half->circuit, m->memory, &result->keys);
    struct cell *cell = e ? NULL : manager_cell(m, CELL_MUST);
    if (!cell) {
        fail(m, now, half, e ? reason_of(e) : DESTROY_RESOURCELIMIT);
        return;
    }
    struct bytes_out body = bytes_out(cell->body, CELL_BODY_LEN);
    memset(cell->body, 0, CELL_BODY_LEN);
    created2_encode(&body, (struct span){result->reply, result->reply_length});
    CHECK(bytes_out_ok(&body));
    cell->command = CELL_CREATED2;
    cell->length = CELL_BODY_LEN;
    circuit_half_queue_plain(&half->circuit, cell);
    half->state = HALF_OPEN;
    m->work.circuits_opened++;
    manager_trace(m, TRACE_CIRCUIT_OPEN, half->link, half->circuit.circ_id, 0, 0, 0);
    manager_half_queued(m, now, half, 1);
}

/* --- EXTEND2: another relay becomes the next hop ------------------------------------------------------------------------ */

static bool is_zero(const uint8_t *bytes, size_t length) {
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++)
        any |= bytes[i];
    return any == 0;
}

/* tor-spec 5.1.2, with what C tor refuses: ourselves, the hop before us, nobody, private addresses. */
static bool may_extend_to(const struct manager *m, const struct half *half,
                          const struct extend2_message *extend) {
    const struct link_peer *previous = &half->link->peer;
    if (is_zero(extend->rsa_id, RSA_ID_LEN) || memcmp(extend->rsa_id, m->config->rsa_id, RSA_ID_LEN) == 0)
        return false;
    if (previous->is_authenticated &&
        (memcmp(extend->rsa_id, previous->identity.rsa_id, RSA_ID_LEN) == 0 ||
         (extend->has_ed_id && memcmp(extend->ed_id, previous->identity.ed_id, ED_ID_LEN) == 0)))
        return false;
    if (extend->ipv4.address.family == ADDRESS_NONE && extend->ipv6.address.family == ADDRESS_NONE)
        return false;
    if (m->config->allow_private_addresses)
        return true;
    return !(extend->ipv4.address.family != ADDRESS_NONE && address_is_internal(&extend->ipv4.address)) &&
           !(extend->ipv6.address.family != ADDRESS_NONE && address_is_internal(&extend->ipv6.address));
}

static void extend(struct manager *m, nsec now, struct half *half, struct span data, bool is_early) {
    struct extend2_message extend;
    if (half->state != HALF_OPEN || half->peer || (!is_early && !m->params.allow_nonearly_extend) ||
        extend2_decode(data, &extend) || !may_extend_to(m, half, &extend)) {
        fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct control *message = manager_post(m, m->controller, 0, CONTROL_EXTEND);
    if (!message) {
        fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    half->state = HALF_EXTENDING;
    message->from = half->id;
    message->serial = ++half->extend_serial;
    struct control_extend *ask = &message->u.extend;
    ask->ipv4 = extend.ipv4;
    ask->ipv6 = extend.ipv6;
    memcpy(ask->rsa_id, extend.rsa_id, sizeof ask->rsa_id);
    memcpy(ask->ed_id, extend.ed_id, sizeof ask->ed_id);
    ask->has_ed_id = extend.has_ed_id;
    ask->handshake_type = extend.create.type;
    ask->data_length = (uint16_t)extend.create.data.length;
    memcpy(ask->data, extend.create.data.data, extend.create.data.length);
    manager_trace(m, TRACE_CIRCUIT_EXTEND, half->link, half->circuit.circ_id, 0, 0, extend.create.type);
}

static uint32_t free_circ_id(struct link *link) {
    uint32_t high = link->is_initiator ? CIRC_ID_HIGH_BIT : 0;
    for (unsigned i = 0; i < CIRC_ID_TRIES; i++) {
        uint32_t id = (link->circ_id_next++ & ~CIRC_ID_HIGH_BIT) | high;
        if (id != high && !table_get(&link->circuits, id))
            return id;
    }
    return 0;
}

static void attach_failed(struct manager *m, struct control *message, uint8_t reason) {
    message->reason = reason;
    manager_repost(m, message, object_station(message->from), message->from, CONTROL_EXTEND_FAILED);
}

void manager_attach(struct manager *m, nsec now, struct control *message) {
    const struct control_extend *ask = &message->u.extend;
    struct link *link = manager_link(m, message->link);
    if (!link || link->state != LINK_OPEN) {
        attach_failed(m, message, DESTROY_CHANNEL_CLOSED);
        return;
    }
    uint32_t circ_id = free_circ_id(link);
    struct half *half = circ_id ? half_new(m, link, circ_id, false) : NULL;
    struct cell *cell = half ? manager_cell(m, CELL_MAY_FAIL) : NULL;
    struct control *answer =
        cell ? manager_post(m, object_station(message->from), message->from, CONTROL_ATTACHED) : NULL;
    if (!answer) {
        if (cell)
            manager_free_cell(m, cell);
        if (half)
            manager_half_close(m, now, half, NO_REASON, NO_REASON);
        attach_failed(m, message, DESTROY_RESOURCELIMIT);
        return;
    }
    answer->from = half->id;
    answer->serial = message->serial;
    half->peer = message->from;
    half->extend_serial = message->serial;
    half->state = HALF_CREATING;

    struct create2_message create = {.type = ask->handshake_type, .data = {ask->data, ask->data_length}};
    struct bytes_out body = bytes_out(cell->body, CELL_BODY_LEN);
    memset(cell->body, 0, CELL_BODY_LEN);
    create2_encode(&body, &create);
    CHECK(bytes_out_ok(&body));
    cell->command = CELL_CREATE2;
    cell->length = CELL_BODY_LEN;
    circuit_half_queue_plain(&half->circuit, cell);
    manager_trace(m, TRACE_CIRCUIT_ATTACH, link, circ_id, 0, 0, create.type);
    manager_half_queued(m, now, half, 1);
}

void manager_circuit_created(struct manager *m, nsec now, struct link *link, const struct cell_view *cell) {
    struct half *half = table_get(&link->circuits, cell->circ_id);
    if (!half)
        return;
    struct span data;
    /* CREATED2 has room for two bytes more than any CREATE2, and so than our message to the other half. */
    if (half->is_towards_origin || half->state != HALF_CREATING ||
        created2_decode((struct span){cell->body, cell->length}, &data) || data.length > HANDSHAKE_DATA_MAX) {
        fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct control *message = manager_post(m, object_station(half->peer), half->peer, CONTROL_EXTENDED);
    if (!message) {
        fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    half->state = HALF_OPEN;
    message->from = half->id;
    message->u.extended.data_length = (uint16_t)data.length;
    memcpy(message->u.extended.data, data.data, data.length);
}

/* --- answers from the other half and the controller ---------------------------------------------------------------------- */

static void attached(struct manager *m, struct half *half, struct control *message) {
    half_id away = message->from;
    if (half && half->state == HALF_EXTENDING && half->extend_serial == message->serial && !half->peer) {
        half->peer = away;
        return;
    }
    message->from = message->to;
    message->reason = DESTROY_DESTROYED; /* nobody waits for it any more */
    manager_repost(m, message, object_station(away), away, CONTROL_DESTROY);
}

static void extended(struct manager *m, nsec now, struct half *half, const struct control *message) {
    if (half->state != HALF_EXTENDING || half->peer != message->from)
        return;
    half->state = HALF_OPEN;
    uint8_t room[RELAY_DATA_MAX];
    struct bytes_out body = bytes_out(room, sizeof room);
    created2_encode(&body, (struct span){message->u.extended.data, message->u.extended.data_length});
    if (!bytes_out_ok(&body)) {
        fail(m, now, half, DESTROY_PROTOCOL); /* a CREATED2 longer than an EXTENDED2 can be */
        return;
    }
    if (!manager_half_originate(m, now, half, RELAY_EXTENDED2, 0, (struct span){room, bytes_written(&body)}))
        return;
}

/* The half that a TRUNCATE cut off may still speak for a moment. */
static void destroyed_by_peer(struct manager *m, nsec now, struct half *half, const struct control *message) {
    if (half->peer == message->from)
        manager_half_close(m, now, half, message->reason, NO_REASON);
}

static void extend_failed(struct manager *m, nsec now, struct half *half, const struct control *message) {
    if (half->state == HALF_EXTENDING && half->extend_serial == message->serial)
        manager_half_close(m, now, half, message->reason, NO_REASON);
}

static void truncate(struct manager *m, nsec now, struct half *half, struct span data) {
    if (half->peer) {
        struct control *message = manager_post(m, object_station(half->peer), half->peer, CONTROL_DESTROY);
        if (!message) {
            fail(m, now, half, DESTROY_RESOURCELIMIT); /* its last words are for later */
            return;
        }
        message->from = half->id;
        message->reason = DESTROY_REQUESTED;
    }
    half->peer = 0;
    half->extend_serial++;
    half->state = HALF_OPEN;
    uint8_t reason = reason_decode(data);
    if (!manager_half_originate(m, now, half, RELAY_TRUNCATED, 0, (struct span){&reason, 1}))
        return;
}

void manager_circuit_control(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    if (message->kind == CONTROL_ATTACHED) {
        attached(m, half, message);
        return;
    }
    if (!half) {
        if (message->kind == CONTROL_EDGE_OPENED)
            manager_repost(m, message, object_station(message->from), message->from, CONTROL_EDGE_CLOSE);
        return;
    }
    if (message->kind == CONTROL_EXTENDED)
        extended(m, now, half, message);
    else if (message->kind == CONTROL_DESTROY)
        destroyed_by_peer(m, now, half, message);
    else if (message->kind == CONTROL_EXTEND_FAILED)
        extend_failed(m, now, half, message);
    else
        manager_stream_control(m, now, half, message);
}

void manager_circuit_destroyed(struct manager *m, nsec now, struct link *link, const struct cell_view *cell) {
    struct half *half = table_get(&link->circuits, cell->circ_id);
    /* The reason stops here: passing it on would tell the other side what happened far away (tor 0.4.9). */
    if (half)
        manager_half_close(m, now, half, NO_REASON, DESTROY_DESTROYED);
}

/* --- RELAY --------------------------------------------------------------------------------------------------------------- */

/* A recognized cell: hands over cell. The circuit may be closed afterwards. */
static void handle_message(struct manager *m, nsec now, struct half *half, struct cell *cell) {
    struct relay_message message;
    if (relay_message_decode(cell->body, &message)) {
        manager_free_cell(m, cell);
        fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    manager_trace(m, TRACE_RELAY_IN, half->link, half->circuit.circ_id, message.command,
                  (uint32_t)message.data.length, message.stream);
    switch (message.command) {
    case RELAY_EXTEND2: extend(m, now, half, message.data, cell->command == CELL_RELAY_EARLY); break;
    case RELAY_EXTEND:
        fail(m, now, half, DESTROY_PROTOCOL); /* legacy, refused since 0.4.9 */
        break;
    case RELAY_TRUNCATE: truncate(m, now, half, message.data); break;
    case RELAY_BEGIN:
    case RELAY_BEGIN_DIR:
    case RELAY_DATA:
    case RELAY_END:
    case RELAY_SENDME:
    case RELAY_RESOLVE: manager_stream_message(m, now, half, &message, cell); return;
    default: break; /* DROP, and commands that we do not know */
    }
    manager_free_cell(m, cell);
}

/* Unrecognized cells go to the other half, on its thread. */
static void pass_on(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    if (cell_run_is_empty(run))
        return;
    if (!half->peer) {
        manager_free_run(m, run);
        fail(m, now, half, DESTROY_PROTOCOL); /* nobody behind us could recognize it */
        return;
    }
    if (object_station(half->peer) != m->station) {
        for (struct cell *cell = run->first; cell; cell = cell->next)
            cell->serial = half->extend_serial;
        manager_post_cells(m, half->peer, run);
        return;
    }
    struct half *peer = manager_half(m, half->peer);
    if (peer && peer->peer == half->id) /* otherwise it has cut us off, and we shall hear of it */
        manager_half_deliver(m, now, peer, run);
    manager_free_run(m, run);
}

/* Cells from the origin: peeled by now; in order, each is for us or goes on. */
static void sort_peeled(struct manager *m, nsec now, struct half *half, struct cell **cells, uint32_t n) {
    struct cell_run onwards = {0};
    half_id id = half->id;
    for (uint32_t i = 0; i < n; i++) {
        if (!half) {
            manager_free_cell(m, cells[i]);
        } else if (circuit_half_recognizes(&half->circuit, cells[i], &m->work)) {
            pass_on(m, now, half, &onwards);
            half = manager_half(m, id);
            if (half)
                handle_message(m, now, half, cells[i]);
            else
                manager_free_cell(m, cells[i]);
            half = manager_half(m, id);
        } else {
            cell_run_append(&onwards, cells[i]);
        }
    }
    if (half)
        pass_on(m, now, half, &onwards);
    else
        manager_free_run(m, &onwards);
}

static bool take_cells(struct manager *m, struct cell **cells, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        cells[i] = manager_cell(m, CELL_MAY_FAIL);
        if (!cells[i]) {
            manager_release(m, cells, i);
            return false;
        }
    }
    return true;
}

/* tor-spec 5.6: at most 8 RELAY_EARLY away from the origin, none towards it. */
static bool relay_early_is_allowed(struct half *half) {
    if (!half->is_towards_origin || half->circuit.relay_early_left == 0)
        return false;
    half->circuit.relay_early_left--;
    return true;
}

void manager_circuit_relay(struct manager *m, nsec now, struct link *link, const struct cell_view *views,
                           uint32_t n) {
    struct half *half = table_get(&link->circuits, views[0].circ_id);
    if (!half)
        return; /* closed a moment ago, or never there: harmless */
    bool ready = half->is_towards_origin ? circuit_half_has_keys(&half->circuit) : half->state == HALF_OPEN;
    if (!ready || (views[0].command == CELL_RELAY_EARLY && !relay_early_is_allowed(half))) {
        fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct cell *cells[HALF_RUN_MAX];
    if (!take_cells(m, cells, n)) {
        fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    if (m->last_half != half->id) {
        m->last_half = half->id;
        m->work.circuit_switches++;
    }
    circuit_half_receive(&half->circuit, views, cells, n, &m->work);
    count_activity(m, now, half);
    if (half->is_towards_origin) {
        sort_peeled(m, now, half, cells, n);
        return;
    }
    struct cell_run run = {0};
    for (uint32_t i = 0; i < n; i++)
        cell_run_append(&run, cells[i]);
    pass_on(m, now, half, &run);
}
