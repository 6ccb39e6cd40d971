/* A link leaves for another manager: the steps, and what ends them early.
 *
 *   LINK_MOVE        it is read no more; fences to all managers with links, and back
 *   fences are back  all that its cells led to has been answered; who sends to its halves parks; fences again
 *   fences are back  nothing is on its way to its halves: port.release
 *   released         packed, and posted to the new manager
 *
 * A fence is a cell that its receiver sends back. Cells keep their order, and overtake no control message: when a fence is back,
 * all that was posted before it has been handled there, and all that was posted from there before has arrived. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_move_state.h"

/* --- the end of it ------------------------------------------------------------------------------------------------------ */

static void send_kept(struct manager *m, struct link_move *move, station_id to) {
    while (move->kept) {
        struct control *message = move->kept;
        move->kept = message->next;
        manager_send(m, message, to, message->to, (enum control_kind)message->kind);
    }
}

static void tell_old_names(struct manager *m) {
    struct link_move *move = m->mover.move;
    for (uint32_t i = 0; i < move->halves_count; i++)
        manager_move_tell(m, &move->halves[i], move->halves[i].id);
}

/* The move is off: everybody calls its halves as before, and nothing is left of it. */
static void give_up(struct manager *m, struct link *link, enum stay_reason reason) {
    struct link_move *move = m->mover.move;
    manager_trace(m, TRACE_LINK_STAYS, link, 0, 0, 0, reason);
    tell_old_names(m);
    table_remove(&m->mover.links, move->id);
    send_kept(m, move, m->station);
    move->order->reason = (uint8_t)reason;
    manager_send(m, move->order, m->controller, 0, CONTROL_LINK_STAYS);
    move->order = NULL;
    m->mover.move = NULL;
    m->mover.at = NSEC_NEVER;
    manager_move_free(m, move);
    link->is_moving = false;
}

/* What a leg has said of its room while its set knew it by another name was not heard. */
static void report_legs(struct manager *m, nsec now, const struct link_move *move) {
    for (uint32_t i = 0; i < move->halves_count; i++) {
        struct half *half = manager_half(m, move->halves[i].id);
        if (half && half_leg(half))
            manager_leg_report(m, now, half);
    }
}

static void stay(struct manager *m, nsec now, struct link *link, enum stay_reason reason) {
    tell_old_names(m);
    report_legs(m, now, m->mover.move);
    give_up(m, link, reason);
    if (manager_link_may_be_read(link))
        m->port->want_read(m->port, link->id, true);
}

void manager_move_link_closes(struct manager *m, struct link *link) {
    give_up(m, link, STAY_CLOSED);
}

void manager_move_half_closes(struct manager *m, const struct half *half) {
    struct moving_half *moving = manager_moving_half(m->mover.move, half->id);
    if (moving)
        manager_move_tell(m, moving, moving->id);
}

/* --- fences ------------------------------------------------------------------------------------------------------------- */

/* To all that have halves or edges: the main thread's manager has none beside others, and may be busy for longer than a link can
 * rest. False without memory: those that are out come back for nobody. */
static bool send_fences(struct manager *m, struct link_move *move, enum move_step step) {
    move->step = step;
    move->serial = ++m->mover.serial;
    move->fences_out = 0;
    for (station_id to = 1; to < m->controller; to++) {
        struct cell *fence = manager_cell(m, CELL_MAY_FAIL);
        struct cell_run run = {0};
        if (!fence)
            return false;
        fence->kind = CELL_KIND_FENCE;
        fence->to = 0;
        fence->serial = move->serial;
        cell_run_append(&run, fence);
        mailroom_post_cells(m->room, m->station, to, &run, &m->work);
        move->fences_out++;
    }
    return true;
}

/* --- who sends to its halves -------------------------------------------------------------------------------------------- */

static void park_senders(struct manager *m, nsec now, struct link *link) {
    struct link_move *move = m->mover.move;
    struct control *first = NULL;
    enum err e = manager_move_prepare(m, move, link, &first);
    if (e) { /* nobody has been told */
        stay(m, now, link, e == ERR_LIMIT ? STAY_LIMIT : STAY_TOO_OFTEN);
        return;
    }
    while (first) {
        struct control *message = first;
        first = message->next;
        manager_send(m, message, object_station(message->to), message->to, CONTROL_MOVING);
    }
    if (!send_fences(m, move, MOVE_PARKING))
        stay(m, now, link, STAY_LIMIT);
}

/* --- may it move? ----------------------------------------------------------------------------------------------------------- */

/* A stream's edge is known once it has been opened. */
static bool knows_all_edges(const struct half *half) {
    uint32_t cursor = 0;
    const struct table_entry *entry;
    while (half->exit && (entry = table_next(&half->exit->streams, &cursor)) != NULL) {
        if (!((const struct stream *)entry->value)->edge)
            return false;
    }
    return true;
}

/* Something about it is under way that only this manager can finish, or that it does not know yet. */
static bool must_wait(const struct half *half) {
    return half->state == HALF_HANDSHAKING || object_is_parking(half->peer) || !knows_all_edges(half) ||
           (half_onion(half) && half_onion(half)->state != ONION_WAITING) ||
           (half_leg(half) && !half_leg(half)->set);
}

static void go_on(struct manager *m, nsec now, struct link *link) {
    struct link_move *move = m->mover.move;
    bool waits = false;
    for (const struct half *half = manager_link_first_half(m, link); half;
         half = manager_link_next_half(m, half))
        waits |= must_wait(half);
    if (!waits) {
        park_senders(m, now, link);
    } else if (now >= move->patience_until) {
        stay(m, now, link, STAY_BUSY);
    } else {
        move->step = MOVE_WAITING;
        m->mover.at = now + MOVE_RETRY;
    }
}

/* --- steps ------------------------------------------------------------------------------------------------------------------ */

static void refuse(struct manager *m, struct control *order, enum stay_reason reason) {
    order->reason = (uint8_t)reason;
    manager_repost(m, order, m->controller, 0, CONTROL_LINK_STAYS);
}

void manager_move_begin(struct manager *m, nsec now, struct control *message) {
    struct link *link = manager_link(m, message->link);
    CHECK(!m->mover.move);
    if (!link || link->state != LINK_OPEN || link->is_doomed || link->handshake) {
        refuse(m, message, link && link->handshake ? STAY_BUSY : STAY_CLOSED);
        return;
    }
    struct link_move *move = memory_allocate(m->memory, sizeof *move);
    if (!move) {
        refuse(m, message, STAY_LIMIT);
        return;
    }
    *move = (struct link_move){.order = message,
                               .id = link->id,
                               .from = m->station,
                               .to = (station_id)message->count,
                               .patience_until = now + MOVE_PATIENCE};
    move->kept_end = &move->kept;
    table_init(&move->by_id, m->memory, rng_u64(&m->rng));
    manager_keep(m, message);
    if (manager_link_may_be_read(link))
        m->port->want_read(m->port, link->id, false);
    link->is_moving = true;
    m->mover.move = move;
    if (!send_fences(m, move, MOVE_QUIETING))
        stay(m, now, link, STAY_LIMIT);
}

void manager_move_fence_returned(struct manager *m, nsec now, uint32_t serial) {
    struct link_move *move = m->mover.move;
    if (!move || move->serial != serial || --move->fences_out > 0)
        return;
    struct link *link = manager_link(m, move->id);
    CHECK(link);
    if (move->step == MOVE_QUIETING) {
        go_on(m, now, link);
    } else if (move->is_refused) {
        stay(m, now, link, STAY_LIMIT);
    } else {
        CHECK(move->step == MOVE_PARKING);
        move->step = MOVE_RELEASING;
        m->port->release(m->port, link->id);
    }
}

void manager_move_refused(struct manager *m, const struct control *message) {
    struct link_move *move = m->mover.move;
    if (move && move->serial == message->serial + 1)
        move->is_refused = true;
}

void manager_move_tick(struct manager *m, nsec now) {
    if (now < m->mover.at)
        return;
    m->mover.at = NSEC_NEVER;
    if (m->mover.arriving) {
        manager_parcel_unpack(m, now);
        return;
    }
    struct link_move *move = m->mover.move;
    CHECK(move && move->step == MOVE_WAITING);
    if (!send_fences(m, move, MOVE_QUIETING))
        stay(m, now, manager_link(m, move->id), STAY_LIMIT);
}

bool manager_move_keeps(struct manager *m, const struct link *link, struct control *message) {
    struct link_move *move = m->mover.move;
    if (!link || !link->is_moving)
        return false;
    if (move->step != MOVE_PARKING && move->step != MOVE_RELEASING)
        return false;
    message->next = NULL;
    *move->kept_end = message;
    move->kept_end = &message->next;
    manager_keep(m, message);
    return true;
}

bool manager_link_released(struct manager *m, nsec now, link_id id, void *luggage) {
    struct link_move *move = m->mover.move;
    if (!move || move->id != id || move->step != MOVE_RELEASING)
        return false;
    struct link *link = manager_link(m, id);
    CHECK(link);
    manager_trace(m, TRACE_LINK_LEAVES, link, 0, 0, move->halves_count, move->to);
    move->luggage = luggage;
    move->packed_at = now;
    move->stream_serial = m->stream_serial;
    manager_parcel_pack(m, now, move, link);
    m->mover.move = NULL;
    struct control *parcel = move->parcel;
    move->parcel = NULL;
    parcel->u.parcel = move;
    parcel->link = id;
    manager_send(m, parcel, move->to, 0, CONTROL_LINK_PARCEL);
    send_kept(m, move, move->to);
    return true;
}
