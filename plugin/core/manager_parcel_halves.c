/* The circuits of a link that comes: each with its streams, under its new name, or dropped for want of room. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_move_state.h"

/* --- what has no room ---------------------------------------------------------------------------------- */

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

void manager_parcel_drop_half(struct manager *m, struct link_move *move, struct moving_half *moving) {
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

/* --- streams ------------------------------------------------------------------------------------------- */

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

/* --- circuits ------------------------------------------------------------------------------------------ */

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

void manager_parcel_unpack_halves(struct manager *m, nsec now, struct link_move *move, struct link *link) {
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
        manager_parcel_drop_half(m, move, moving);
        manager_queue_destroy(m, now, link, half.circuit.circ_id, DESTROY_RESOURCELIMIT);
    }
    for (uint32_t i = 0; i < move->halves_count; i++)
        settle_half(m, now, move, &move->halves[i], move->halves[i].is_complete);
}
