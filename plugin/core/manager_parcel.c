/* A link comes from another manager (manager_mover.c), packed by manager_parcel_pack.c: the link itself, and what comes for it
 * meanwhile. Its circuits: manager_parcel_halves.c. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_move_state.h"

/* --- room for it -------------------------------------------------------------------------------------------- */

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
            manager_parcel_drop_half(m, move, &move->halves[i]);
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
        manager_parcel_unpack_halves(m, now, move, link);
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
