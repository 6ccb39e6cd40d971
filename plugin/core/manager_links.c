/* Links of a manager: from dialling or accepting through the handshake to closing, and the bytes that they bring. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

struct link *manager_link(struct manager *m, link_id id) {
    return table_get(&m->links, id);
}

/* --- coming and going ----------------------------------------------------------------------------------------------- */

static struct link *link_new(struct manager *m, nsec now, link_id id, enum link_state state) {
    if (!manager_claims_reserve(m, m->links.count + 1) ||
        !control_spares_reserve(&m->spares, LINK_LAST_WORDS))
        return NULL;
    struct link *link = slab_take(&m->links_slab);
    if (!link) {
        control_spares_release(&m->spares, LINK_LAST_WORDS);
        return NULL;
    }
    *link = (struct link){.id = id, .state = state, .idle_since = now};
    link->circ_id_next = (uint32_t)rng_u64(&m->rng);
    table_init(&link->circuits, m->memory, rng_u64(&m->rng));
    link->first_half = link->last_half = HALF_NONE;
    list_init(&link->paused);
    list_init(&link->ripe);
    sched_queue_init(&link->queue);
    if (timers_set(&m->timers, &link->timer, now + LINK_HANDSHAKE_TIMEOUT) == ERR_OK) {
        if (table_set(&m->links, id, link) == ERR_OK)
            return link;
        timers_clear(&m->timers, &link->timer);
    }
    slab_put(&m->links_slab, link);
    control_spares_release(&m->spares, LINK_LAST_WORDS);
    return NULL;
}

/* It may have been taken off the table already. */
static void link_free(struct manager *m, struct link *link) {
    table_remove(&m->links, link->id);
    timers_clear(&m->timers, &link->timer);
    timers_clear(&m->padding_timers, &link->padding_timer);
    manager_limit_end(m, link);
    list_remove(&link->paused);
    manager_link_set_waiting(m, link, false, false);
    manager_link_queued(m, link, -(int64_t)(link->urgent.count + link->destroys.count));
    manager_free_run(m, &link->urgent);
    destroy_queue_clear(&link->destroys, m->memory);
    CHECK(link->queued == 0);
    list_remove(&link->ripe);
    link_handshake_free(link->handshake);
    sched_queue_fini(&m->scheduler, &link->queue);
    table_fini(&link->circuits);
    slab_put(&m->links_slab, link);
    control_spares_release(&m->spares, LINK_LAST_WORDS);
}

static void tell_controller_refused(struct manager *m, link_id id) {
    struct control *message = manager_post_refusal(m, m->controller, CONTROL_LINK_CLOSED);
    if (!message)
        return;
    message->link = id;
    message->reason = DESTROY_CONNECTFAILED;
}

static void tell_controller_closed(struct manager *m, const struct link *link, enum err why) {
    struct control *message = manager_post_last(m, m->controller, 0, CONTROL_LINK_CLOSED);
    CHECK(message);
    message->link = link->id;
    message->count = link->creates;
    message->reason = why == ERR_IDENTITY ? DESTROY_OR_IDENTITY : DESTROY_CONNECTFAILED;
}

void manager_link_close(struct manager *m, nsec now, struct link *link, enum err why, bool hangup) {
    if (link->is_moving)
        manager_move_link_closes(m, link);
    manager_trace(m, TRACE_LINK_CLOSED, link, 0, 0, 0, why);
    struct half *half;
    while ((half = manager_link_first_half(m, link)) != NULL)
        manager_half_close(m, now, half, NO_REASON, DESTROY_CHANNEL_CLOSED);
    if (link->state == LINK_OPEN)
        m->links_open--;
    tell_controller_closed(m, link, why);
    link_id id = link->id;
    link_free(m, link);
    if (hangup)
        m->port->hangup(m->port, id);
}

void manager_dial(struct manager *m, nsec now, struct control *message) {
    const struct control_dial *dial = &message->u.dial;
    bool is_dormant = m->hibernation == HIBERNATION_DORMANT;
    struct link *link = is_dormant ? NULL : link_new(m, now, message->link, LINK_DIALLING);
    if (!link) {
        message->reason = DESTROY_RESOURCELIMIT;
        manager_repost(m, message, m->controller, 0, CONTROL_LINK_CLOSED);
        return;
    }
    link->is_initiator = true;
    link->address = dial->endpoint;
    link->expected.has_rsa_id = true;
    memcpy(link->expected.rsa_id, dial->rsa_id, sizeof link->expected.rsa_id);
    link->expected.has_ed_id = dial->has_ed_id;
    memcpy(link->expected.ed_id, dial->ed_id, sizeof link->expected.ed_id);
    manager_trace(m, TRACE_LINK_DIAL, link, 0, 0, 0, dial->endpoint.port);
    m->port->dial(m->port, link->id, &dial->endpoint);
}

enum err manager_link_opened(struct manager *m, nsec now, link_id id, const struct link_facts *facts) {
    struct link *link = manager_link(m, id);
    if (facts->is_initiator && !link)
        return ERR_STALE; /* timed out while it was dialled */
    if (!link && m->hibernation != HIBERNATION_DORMANT)
        link = link_new(m, now, id, LINK_HANDSHAKE);
    if (!link) {
        tell_controller_refused(m, id);
        return ERR_LIMIT;
    }
    link->state = LINK_HANDSHAKE;
    link->is_initiator = facts->is_initiator;
    link->address = facts->peer;
    link->handshake = link_handshake_new(m->crypt, m->memory, facts, &link->expected);
    if (!link->handshake) {
        manager_link_close(m, now, link, ERR_LIMIT, false);
        return ERR_LIMIT;
    }
    if (facts->is_initiator)
        m->port->want_write(m->port, id);
    return ERR_OK;
}

void manager_link_failed(struct manager *m, nsec now, link_id id) {
    manager_link_closed(m, now, id);
}

void manager_link_closed(struct manager *m, nsec now, link_id id) {
    struct link *link = manager_link(m, id);
    if (link)
        manager_link_close(m, now, link, ERR_STALE, false);
}

/* --- handshake ------------------------------------------------------------------------------------------------------ */

/* tor: links between relays 45 to 75 minutes, unless the consensus says otherwise; others 3 to 4.5. */
static nsec draw_idle_max(struct manager *m, const struct link *link) {
    if (!link->peer.is_authenticated || !link->peer.is_canonical)
        return CLIENT_IDLE_TIMEOUT + rng_below(&m->padding_rng, CLIENT_IDLE_TIMEOUT / 2);
    nsec timeout = (nsec)m->params.nf_conntimeout_relays_s * NSEC_PER_S;
    return timeout * 3 / 4 + rng_below(&m->padding_rng, timeout / 2);
}

/* Two links to the same relay are fine (both sides may race); the controller prefers the canonical one. */
static void link_is_open(struct manager *m, nsec now, struct link *link) {
    link->peer = *link_handshake_peer(link->handshake);
    link->state = LINK_OPEN;
    link->idle_since = now;
    m->links_open++;
    m->work.handshakes_link++;
    link->idle_max = draw_idle_max(m, link);
    manager_limit_settle(m, now, link);
    if (timers_set(&m->timers, &link->timer, now + link->idle_max))
        CHECK(!"moving a timer needs no memory");
    manager_trace(m, TRACE_LINK_OPENED, link, 0, 0, 0, link->peer.version);

    struct control *message = manager_post_last(m, m->controller, 0, CONTROL_LINK_OPEN);
    CHECK(message);
    message->link = link->id;
    struct control_link_open *open = &message->u.link_open;
    open->is_authenticated = link->peer.is_authenticated;
    open->is_canonical = link->peer.is_canonical;
    open->is_initiator = link->is_initiator;
    memcpy(open->rsa_id, link->peer.identity.rsa_id, sizeof open->rsa_id);
    memcpy(open->ed_id, link->peer.identity.ed_id, sizeof open->ed_id);
}

static void forget_handshake_if_done(struct link *link) {
    if (link->state != LINK_OPEN || link_handshake_output(link->handshake).length)
        return;
    link_handshake_free(link->handshake);
    link->handshake = NULL;
}

static enum err handshake_receive(struct manager *m, nsec now, struct link *link,
                                  const struct cell_view *cell) {
    enum err e = link_handshake_receive(link->handshake, manager_unix_s(m, now), cell);
    if (e)
        return e;
    if (link_handshake_output(link->handshake).length)
        m->port->want_write(m->port, link->id);
    if (link_handshake_is_open(link->handshake)) {
        link_is_open(m, now, link);
        forget_handshake_if_done(link);
    }
    return ERR_OK;
}

struct span manager_handshake_output(struct manager *m, link_id id) {
    struct link *link = manager_link(m, id);
    return link && link->handshake ? link_handshake_output(link->handshake) : (struct span){NULL, 0};
}

void manager_handshake_written(struct manager *m, link_id id, size_t length) {
    struct link *link = manager_link(m, id);
    if (!link || !link->handshake)
        return;
    link_handshake_written(link->handshake, length);
    m->work.bytes_sent += length;
    forget_handshake_if_done(link);
}

/* --- bytes in ------------------------------------------------------------------------------------------------------- */

/* Frame and handle cells of the handshake one at a time: CircID grows from 2 to 4 bytes in the middle. */
static enum err receive_handshake_cell(struct manager *m, nsec now, struct link *link, struct bytes_in *in,
                                       bool *progress) {
    struct cell_view cell;
    uint32_t count = 0;
    enum err e =
        cell_frame(in, link_handshake_circ_id_length(link->handshake), HANDSHAKE_CELL_MAX, &cell, 1, &count);
    *progress = count == 1;
    if (count == 1) {
        m->work.cells_received++;
        return handshake_receive(m, now, link, &cell);
    }
    return e;
}

static enum err receive_open_cells(struct manager *m, nsec now, struct link *link, struct bytes_in *in,
                                   bool *progress) {
    struct cell_view cells[LINK_FRAME_MAX];
    uint32_t count = 0;
    enum err e = cell_frame(in, 4, HANDSHAKE_CELL_MAX, cells, LINK_FRAME_MAX, &count);
    *progress = count > 0;
    if (count)
        manager_receive(m, now, link->id, cells, count);
    return e;
}

size_t manager_receive_bytes(struct manager *m, nsec now, link_id id, const uint8_t *bytes, size_t length) {
    struct bytes_in in = bytes_in(bytes, length);
    struct link *link;
    bool progress = true;
    while (progress && (link = manager_link(m, id)) != NULL) {
        enum err e = link->state == LINK_OPEN ? receive_open_cells(m, now, link, &in, &progress)
                                              : receive_handshake_cell(m, now, link, &in, &progress);
        if (e && manager_link(m, id)) {
            manager_link_close(m, now, link, e, true);
            return length;
        }
    }
    if (!link)
        return length;
    size_t used = length - bytes_left(&in);
    m->work.bytes_received += used;
    if (link->limit)
        manager_limit_received(m, now, link, used);
    return used;
}

/* --- pausing -------------------------------------------------------------------------------------------------------- */

static void pause_link(struct manager *m, struct link *link) {
    if (link->is_paused)
        return;
    link->is_paused = true;
    list_append(&m->paused_links, &link->paused);
    m->port->want_read(m->port, link->id, false);
}

void manager_links_pause_if_full(struct manager *m, struct link *link) {
    if (m->is_memory_tight || mailroom_is_full(m->room, m->station))
        pause_link(m, link);
}

void manager_links_pause(struct manager *m) {
    uint32_t cursor = 0;
    const struct table_entry *entry;
    while ((entry = table_next(&m->links, &cursor)) != NULL) {
        struct link *link = entry->value;
        if (link->state == LINK_OPEN)
            pause_link(m, link);
    }
}

bool manager_link_may_be_read(const struct link *link) {
    return !link->is_paused && !link->is_moving && (!link->limit || !manager_limit_holds_read(link));
}

void manager_links_resume(struct manager *m) {
    if (list_is_empty(&m->paused_links) || m->is_memory_tight || mailroom_is_full(m->room, m->station))
        return;
    struct list *node;
    while ((node = list_take_first(&m->paused_links)) != NULL) {
        struct link *link = LIST_ENTRY(node, struct link, paused);
        link->is_paused = false;
        if (manager_link_may_be_read(link))
            m->port->want_read(m->port, link->id, true);
    }
}

/* --- time ----------------------------------------------------------------------------------------------------------- */

void manager_link_doom(struct manager *m, nsec now, struct link *link) {
    link->is_doomed = true;
    if (timers_set(&m->timers, &link->timer, now))
        CHECK(!"moving a timer needs no memory");
}

static void link_timer_fired(struct manager *m, nsec now, struct link *link) {
    if (link->is_doomed) {
        manager_link_close(m, now, link, ERR_LIMIT, true);
        return;
    }
    if (link->state != LINK_OPEN) {
        manager_link_close(m, now, link, ERR_EXPIRED, true);
        return;
    }
    nsec idle_since = link->first_half == HALF_NONE ? link->idle_since : now;
    if (now - idle_since >= link->idle_max) {
        manager_link_close(m, now, link, ERR_EXPIRED, true);
        return;
    }
    if (timers_set(&m->timers, &link->timer, idle_since + link->idle_max))
        manager_link_close(m, now, link, ERR_LIMIT, true);
}

void manager_tick(struct manager *m, nsec now) {
    struct timer *t;
    manager_hibernation_tick(m, now);
    while ((t = timers_take_due(&m->timers, now)) != NULL)
        link_timer_fired(m, now, LIST_ENTRY(t, struct link, timer));
    manager_deadlines_tick(m, now);
    manager_padding_tick(m, now);
    manager_edges_tick(m, now);
    manager_memory_tick(m, now);
    manager_limits_tick(m, now);
    manager_paces_tick(m, now);
    manager_move_tick(m, now);
    manager_formers_tick(m, now);
}
