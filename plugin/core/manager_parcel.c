/* A link and its circuits on their way from one manager to another: packed there, unpacked here.
 *
 * What is packed is whole structs, as they are; what in them points into the old manager - its lists, timers, slabs - is taken
 * out there and made anew here. A field that is added to struct link, half, stream or circuit_padding moves without a word here,
 * unless it points or is counted in struct manager. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_move_state.h"

/* --- the old manager: streams ------------------------------------------------------------------------------------------- */

static nsec time_of(const struct timer *timer) {
    return timer_is_set(timer) ? timer->at : NSEC_NEVER;
}

static void pack_stream(struct manager *m, struct packed_stream *packed, struct stream *stream) {
    *packed = (struct packed_stream){.pace_at = NSEC_NEVER};
    if (stream->pace) {
        packed->has_pace = true;
        packed->bucket = stream->pace->bucket;
        packed->pace_at = time_of(&stream->pace->timer);
        manager_stream_unpace(m, stream);
    }
    packed->stream = *stream;
    slab_put(&m->streams_slab, stream);
}

static void pack_streams(struct manager *m, struct link_move *move, struct moving_half *moving,
                         struct exit_streams *exit) {
    struct list *node;
    struct stream *stream;
    uint32_t at = moving->streams_at, cursor = 0;
    while ((node = list_take_first(&exit->blocked)) != NULL) {
        stream = LIST_ENTRY(node, struct stream, blocked);
        table_remove(&exit->streams, stream->id);
        pack_stream(m, &move->streams[at], stream);
        move->streams[at++].is_blocked = true;
    }
    while ((stream = table_take(&exit->streams, &cursor)) != NULL)
        pack_stream(m, &move->streams[at++], stream);
    moving->streams_count = at - moving->streams_at;
    moving->is_resuming = list_is_linked(&exit->resuming);
    list_remove(&exit->resuming);
    m->undelivered -= exit->undelivered;
}

/* --- the old manager: circuits ------------------------------------------------------------------------------------------ */

/* Last words that it takes along. */
static uint32_t words_of(const struct half *half) {
    return (half_onion(half) ? ONION_LAST_WORDS : 0) + (half_leg(half) ? LEG_LAST_WORDS : 0) +
           (half->exit ? half->exit->streams.count * STREAM_LAST_WORDS : 0);
}

static void pack_half(struct manager *m, nsec now, struct link_move *move, struct moving_half *moving,
                      struct link *link) {
    struct half *half = manager_half(m, moving->id);
    moving->deadline_at = moving->padding_at = NSEC_NEVER;
    if (!half) {
        manager_formers_forget(m, moving);
        return;
    }
    moving->is_packed = true;
    manager_formers_lead(m, now, move, moving);
    move->spares_count += words_of(half);
    bool is_padded = half->is_padded;
    if (is_padded) {
        moving->padding = *half->rare->padding;
        moving->padding_at = time_of(&half->rare->padding->timer);
        manager_circuit_padding_stop(m, half);
        half->is_padded = true;
    }
    if (half->rare) {
        moving->deadline_at = time_of(&half->rare->deadline);
        half->rare->hoard = (struct hoard){0};
        manager_deadline_clear(m, half);
    }
    if (half->exit)
        pack_streams(m, move, moving, half->exit);
    manager_link_queued(m, link, -(int64_t)half->circuit.queue.count);
    sched_leave(&m->scheduler, now, &link->queue, &half->sched);
    circuit_half_leave(&half->circuit, &m->layers, moving->layers);
    manager_link_remove_half(m, link, half);
    slot_map_remove(&m->halves, half->id);
    memcpy(moving->half, half, sizeof *half);
    slab_put(&m->halves_slab, half);
}

static void pack_link(struct manager *m, struct link_move *move, struct link *link) {
    CHECK(!link->handshake && link->first_half == HALF_NONE);
    move->timer_at = time_of(&link->timer);
    move->padding_timer_at = time_of(&link->padding_timer);
    timers_clear(&m->timers, &link->timer);
    timers_clear(&m->padding_timers, &link->padding_timer);
    manager_limit_end(m, link);
    list_remove(&link->paused);
    list_remove(&link->ripe);
    manager_link_set_waiting(m, link, false, false);
    manager_link_queued(m, link, -(int64_t)(link->urgent.count + link->destroys.count));
    CHECK(link->queued == 0);
    sched_queue_fini(&m->scheduler, &link->queue);
    table_remove(&m->links, link->id);
    m->links_open--;
    move->link = *link;
    slab_put(&m->links_slab, link);
}

void manager_parcel_pack(struct manager *m, nsec now, struct link_move *move, struct link *link) {
    uint32_t streams = 0;
    move->spares_count = LINK_LAST_WORDS;
    for (uint32_t i = 0; i < move->halves_count; i++) {
        move->halves[i].streams_at = streams;
        pack_half(m, now, move, &move->halves[i], link);
        streams += move->halves[i].streams_count;
    }
    pack_link(m, move, link);
    move->spares = control_spares_carry_out(&m->spares, move->spares_count);
}

/* --- what has no room at the new manager ---------------------------------------------------------------------------------- */

static void drop_stream(struct manager *m, struct packed_stream *packed) {
    manager_stream_close_edge(m, &packed->stream);
    manager_free_run(m, &packed->stream.to_origin);
    manager_free_run(m, &packed->stream.to_edge);
    control_spares_release(&m->spares, STREAM_LAST_WORDS);
}

static void drop_exit(struct manager *m, struct link_move *move, const struct moving_half *moving,
                      struct exit_streams *exit) {
    for (uint32_t i = 0; i < moving->streams_count; i++)
        drop_stream(m, &move->streams[moving->streams_at + i]);
    table_fini(&exit->streams);
    circuit_flow_fini(&exit->flow, m->memory);
    memory_release(m->memory, exit, sizeof *exit);
}

/* The half ends, under the name that all know. Its link is told elsewhere. */
static void drop_half(struct manager *m, struct link_move *move, struct moving_half *moving) {
    struct half half;
    memcpy(&half, moving->half, sizeof half);
    manager_move_tell(m, moving, moving->id);
    if (moving->farewell && half.peer) {
        struct control *message = moving->farewell;
        moving->farewell = NULL;
        message->from = half.id;
        message->reason = DESTROY_DESTROYED;
        manager_send(m, message, object_station(half.peer), half.peer, CONTROL_DESTROY);
    }
    manager_free_run(m, &half.circuit.queue);
    if (half.exit)
        drop_exit(m, move, moving, half.exit);
    manager_leg_close(m, &half);
    manager_onion_close(m, &half);
    manager_half_rare_free(m, &half);
    circuit_half_drop(&half.circuit, &m->layers);
    m->work.circuits_closed++;
}

/* --- the new manager: streams ------------------------------------------------------------------------------------------- */

/* Without memory it goes on without pace. */
static void unpack_pace(struct manager *m, const struct half *half, const struct packed_stream *packed,
                        struct stream *stream) {
    struct stream_pace *pace = packed->has_pace ? slab_take(&m->paces_slab) : NULL;
    if (pace) {
        *pace = (struct stream_pace){.bucket = packed->bucket, .half = half->id, .stream = stream};
        stream->pace = pace;
    }
    bool waits = packed->pace_at != NSEC_NEVER &&
                 (!pace || timers_set(&m->pace_timers, &pace->timer, packed->pace_at));
    if (packed->is_blocked || waits)
        list_append(&half->exit->blocked, &stream->blocked);
}

static bool unpack_stream(struct manager *m, const struct half *half, struct packed_stream *packed) {
    struct stream *stream = slab_take(&m->streams_slab);
    if (!stream)
        return false;
    *stream = packed->stream;
    list_init(&stream->blocked);
    unpack_pace(m, half, packed, stream);
    if (table_set(&half->exit->streams, stream->id, stream))
        CHECK(!"the table had room for it");
    return true;
}

/* False: some were dropped. */
static bool unpack_streams(struct manager *m, struct link_move *move, const struct moving_half *moving,
                           struct half *half) {
    bool all = true;
    list_init(&half->exit->blocked);
    list_init(&half->exit->resuming);
    m->undelivered += half->exit->undelivered;
    for (uint32_t i = 0; i < moving->streams_count; i++) {
        struct packed_stream *packed = &move->streams[moving->streams_at + i];
        if (unpack_stream(m, half, packed))
            continue;
        half->exit->undelivered -= packed->stream.undelivered;
        m->undelivered -= packed->stream.undelivered;
        drop_stream(m, packed);
        all = false;
    }
    if (moving->is_resuming) {
        half->exit->resumes = half->id;
        list_append(&m->resuming, &half->exit->resuming);
    }
    return all;
}

/* --- the new manager: circuits ------------------------------------------------------------------------------------------ */

static void unpack_padding(struct manager *m, const struct moving_half *moving, struct half *half) {
    struct half_rare *rare = half->is_padded ? manager_half_rare(m, half) : NULL;
    struct circuit_padding *padding = rare ? slab_take(&m->paddings_slab) : NULL;
    half->is_padded = padding != NULL;
    if (!padding)
        return;
    rare->padding = padding;
    *padding = moving->padding;
    padding->timer = (struct timer){0};
    padding->half = half;
    if (moving->padding_at != NSEC_NEVER &&
        timers_set(&m->circuit_padding_timers, &padding->timer, moving->padding_at))
        padding->left = 0;
}

static struct half *take_half(struct manager *m, const struct moving_half *moving) {
    struct half *half = slab_take(&m->halves_slab);
    if (!half)
        return NULL;
    memcpy(half, moving->half, sizeof *half);
    half->id = slot_map_add(&m->halves, half);
    if (half->id && !circuit_half_arrive(&half->circuit, &m->layers))
        return half;
    if (half->id)
        slot_map_remove(&m->halves, half->id);
    slab_put(&m->halves_slab, half);
    return NULL;
}

/* False when it has to be closed, or (then id_new is 0) has been dropped. */
static bool unpack_half(struct manager *m, nsec now, struct link_move *move, struct moving_half *moving,
                        struct link *link) {
    struct half *half = take_half(m, moving);
    if (!half)
        return false;
    moving->id_new = half->id;
    half->link = link;
    half->active = 0;
    if (half->rare)
        half->rare->half = half;
    manager_link_add_half(m, link, half);
    if (table_set(&link->circuits, half->circuit.circ_id, half))
        CHECK(!"it was in the table before");
    manager_link_queued(m, link, half->circuit.queue.count);
    half->sched.position = 0;
    sched_enter(&m->scheduler, now, &half->sched);
    unpack_padding(m, moving, half);
    bool complete = !half->exit || unpack_streams(m, move, moving, half);
    complete &= manager_formers_arrive(m, now, moving);
    complete &= moving->deadline_at == NSEC_NEVER || manager_deadline_set(m, half, moving->deadline_at);
    complete &= cell_run_is_empty(&half->circuit.queue) ||
                sched_activate(&m->scheduler, now, &link->queue, &half->sched) == ERR_OK;
    return complete;
}

static void tell_name_place(struct manager *m, struct moving_half *moving, const struct half *half) {
    struct control *message = moving->renamed;
    moving->renamed = NULL;
    message->from = half->id;
    message->u.onion_renamed =
        (struct control_onion_renamed){.name = half_onion(half)->name, .old = moving->id};
    manager_send(m, message, manager_name_place(m, &half_onion(half)->name), 0, CONTROL_ONION_RENAMED);
}

/* All who send to it learn its new name; those who are here at once, because cells take no way from half to half of one
 * manager. May close it. */
static void tell_new_name(struct manager *m, nsec now, struct moving_half *moving, struct half *half) {
    if (half_onion(half))
        tell_name_place(m, moving, half);
    for (struct control **at = &moving->told; *at;) {
        struct control *message = *at;
        if (object_station(message->to) != m->station) {
            at = &message->next;
            continue;
        }
        *at = message->next;
        message->from = moving->id_new;
        manager_parking_end_here(m, now, message);
    }
    manager_move_tell(m, moving, moving->id_new);
}

/* After all have their names. */
static void settle_half(struct manager *m, nsec now, struct link_move *move, struct moving_half *moving,
                        bool is_complete) {
    struct half *half = manager_half(m, moving->id_new);
    if (!half)
        return;
    const struct moving_half *twin = moving->twin ? &move->halves[moving->twin - 1] : NULL;
    if (twin)
        half->peer = twin->id_new;
    tell_new_name(m, now, moving, half);
    if ((half = manager_half(m, moving->id_new)) && half_leg(half))
        manager_leg_report(m, now, half);
    if (!(half = manager_half(m, moving->id_new)))
        return;
    if (twin && !twin->id_new)
        manager_half_close(m, now, half, DESTROY_DESTROYED, NO_REASON);
    else if (!is_complete)
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
}

static void unpack_halves(struct manager *m, nsec now, struct link_move *move, struct link *link) {
    for (uint32_t i = 0; i < move->halves_count; i++) {
        struct moving_half *moving = &move->halves[i];
        if (!moving->is_packed)
            continue;
        moving->is_complete = unpack_half(m, now, move, moving, link);
        if (moving->id_new)
            continue;
        struct half half;
        memcpy(&half, moving->half, sizeof half);
        table_remove(&link->circuits, half.circuit.circ_id);
        drop_half(m, move, moving);
        manager_queue_destroy(m, now, link, half.circuit.circ_id, DESTROY_RESOURCELIMIT);
    }
    for (uint32_t i = 0; i < move->halves_count; i++)
        settle_half(m, now, move, &move->halves[i], move->halves[i].is_complete);
}

/* --- the new manager: the link -------------------------------------------------------------------------------------------- */

static struct link *unpack_link(struct manager *m, const struct link_move *move) {
    struct link *link = manager_claims_reserve(m, m->links.count + 1) ? slab_take(&m->links_slab) : NULL;
    if (!link)
        return NULL;
    *link = move->link;
    link->is_paused = link->is_moving = false;
    link->granted = 0;
    link->active = 0;
    link->timer = link->padding_timer = (struct timer){0};
    link->first_half = link->last_half = HALF_NONE;
    list_init(&link->paused);
    list_init(&link->ripe);
    sched_queue_init(&link->queue);
    if (timers_set(&m->timers, &link->timer, move->timer_at) == ERR_OK) {
        if (table_set(&m->links, link->id, link) == ERR_OK) {
            m->links_open++;
            manager_link_queued(m, link, link->urgent.count + link->destroys.count);
            return link;
        }
        timers_clear(&m->timers, &link->timer);
    }
    slab_put(&m->links_slab, link);
    return NULL;
}

/* Padding that was due is due; without memory the link is not padded until it is used again. */
static void start_link(struct manager *m, nsec now, const struct link_move *move, struct link *link) {
    manager_limit_settle(m, now, link);
    if (move->padding_timer_at != NSEC_NEVER)
        (void)!timers_set(&m->padding_timers, &link->padding_timer, move->padding_timer_at);
    m->port->want_read(m->port, link->id, true);
    manager_link_want_write(m, link);
    manager_streams_resume(m, now);
}

static void drop_contents(struct manager *m, struct link_move *move) {
    for (uint32_t i = 0; i < move->halves_count; i++) {
        if (move->halves[i].is_packed)
            drop_half(m, move, &move->halves[i]);
    }
    manager_free_run(m, &move->link.urgent);
    destroy_queue_clear(&move->link.destroys, m->memory);
    table_fini(&move->link.circuits);
}

/* We have no room for it: it closes. */
static void drop_link(struct manager *m, struct link_move *move) {
    drop_contents(m, move);
    struct control *message = manager_post_last(m, m->controller, 0, CONTROL_LINK_CLOSED);
    CHECK(message);
    message->link = move->id;
    message->count = move->link.creates;
    message->reason = DESTROY_RESOURCELIMIT;
    control_spares_release(&m->spares, LINK_LAST_WORDS);
    m->port->hangup(m->port, move->id);
}

static void arrive(struct manager *m, struct link_move *move) {
    control_spares_carry_in(&m->spares, move->spares, move->spares_count);
    move->spares = NULL;
    if ((int32_t)(move->stream_serial - m->stream_serial) > 0)
        m->stream_serial = move->stream_serial; /* no stream of its is taken for an earlier one */
    m->port->adopt(m->port, move->id, move->luggage);
}

/* What came for it meanwhile. */
static void send_held(struct manager *m) {
    while (m->mover.held) {
        struct control *message = m->mover.held;
        m->mover.held = message->next;
        manager_send(m, message, m->station, message->to, (enum control_kind)message->kind);
    }
    m->mover.held_end = &m->mover.held;
}

void manager_parcel_unpack(struct manager *m, nsec now) {
    struct link_move *move = m->mover.arriving;
    m->mover.arriving = NULL;
    arrive(m, move);
    move->order->serial = move->from;
    manager_send(m, move->order, m->controller, 0, CONTROL_LINK_MOVED);
    move->order = NULL;
    struct link *link = unpack_link(m, move);
    if (link) {
        manager_trace(m, TRACE_LINK_ARRIVES, link, 0, 0, move->halves_count, move->from);
        unpack_halves(m, now, move, link);
        link = manager_link(m, move->id);
    } else {
        drop_link(m, move);
    }
    if (link)
        start_link(m, now, move, link);
    manager_move_free(m, move);
    send_held(m);
}

void manager_parcel_arrived(struct manager *m, nsec now, struct control *message) {
    CHECK(!m->mover.arriving);
    m->mover.arriving = message->u.parcel;
    if (m->mover.arriving->packed_at > now)
        m->mover.at = m->mover.arriving->packed_at;
    else
        manager_parcel_unpack(m, now);
}

/* --- the end of the relay --------------------------------------------------------------------------------------------------- */

void manager_parcel_abandon(struct manager *m, struct link_move *move) {
    arrive(m, move);
    drop_contents(m, move);
    control_spares_release(&m->spares, LINK_LAST_WORDS);
    manager_move_free(m, move);
}

void manager_parcel_stop(struct manager *m) {
    if (m->mover.arriving)
        manager_parcel_abandon(m, m->mover.arriving);
    m->mover.arriving = NULL;
    send_held(m);
}
