/* Circuits of a manager: made, filled with cells that wait for their link, and closed. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

#define UNUSED_EFFORT 64u /* circuits looked at: some microseconds, in the place of a handshake */

struct half *manager_half(struct manager *m, half_id id) {
    return slot_map_get(&m->halves, id);
}

/* --- coming and going ----------------------------------------------------------------------------------------------- */

static struct half *half_at(const struct manager *m, uint32_t slot) {
    return slot_map_at(&m->halves, slot);
}

void manager_link_add_half(struct manager *m, struct link *link, struct half *half) {
    uint32_t slot = object_slot(half->id);
    half->next_on_link = HALF_NONE;
    half->previous_on_link = link->last_half;
    if (link->last_half == HALF_NONE)
        link->first_half = slot;
    else
        half_at(m, link->last_half)->next_on_link = slot;
    link->last_half = slot;
}

void manager_link_remove_half(struct manager *m, struct link *link, struct half *half) {
    if (half->previous_on_link == HALF_NONE)
        link->first_half = half->next_on_link;
    else
        half_at(m, half->previous_on_link)->next_on_link = half->next_on_link;
    if (half->next_on_link == HALF_NONE)
        link->last_half = half->previous_on_link;
    else
        half_at(m, half->next_on_link)->previous_on_link = half->previous_on_link;
}

struct half *manager_link_first_half(struct manager *m, const struct link *link) {
    return link->first_half == HALF_NONE ? NULL : half_at(m, link->first_half);
}

struct half *manager_link_next_half(struct manager *m, const struct half *half) {
    return half->next_on_link == HALF_NONE ? NULL : half_at(m, half->next_on_link);
}

/* It ends here, and nothing was ever asked of it. */
static bool is_unused(const struct half *half) {
    return half->state == HALF_OPEN && half->is_towards_origin && !half->peer && !half->exit &&
           !half_onion(half) && !half_leg(half) && !half->is_set && !half->has_introduced;
}

/* There are as many circuits as may be. Who floods us with them uses none, so room is made among those: the one that has been
 * there for longest, about, for the search goes round. */
static void make_room(struct manager *m, nsec now) {
    for (unsigned i = 0; i < UNUSED_EFFORT; i++) {
        struct half *half = slot_map_next(&m->halves, &m->unused_cursor);
        if (!half)
            m->unused_cursor = 0;
        if (half && is_unused(half)) {
            manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
            return;
        }
    }
}

struct half *manager_half_new(struct manager *m, nsec now, struct link *link, uint32_t circ_id,
                              bool towards_origin) {
    if (m->halves.live >= m->config->circuits_max_per_manager)
        make_room(m, now);
    struct half *half = slab_take(&m->halves_slab);
    if (!half)
        return NULL;
    *half = (struct half){.link = link, .is_towards_origin = towards_origin};
    int32_t cells_max =
        towards_origin ? m->params.circ_max_cell_queue_size : m->params.circ_max_cell_queue_size_out;
    circuit_half_init(&half->circuit, circ_id, (uint32_t)cells_max);
    half->id = slot_map_add(&m->halves, half);
    if (half->id && table_set(&link->circuits, circ_id, half) == ERR_OK) {
        manager_link_add_half(m, link, half);
        return half;
    }
    if (half->id)
        slot_map_remove(&m->halves, half->id);
    slab_put(&m->halves_slab, half);
    return NULL;
}

/* DESTROY goes ahead of everything on the link. A peer that makes us owe it too many has stopped reading; that one, or one
 * for which we have no memory to remember it, is cut off: it would keep the circuit for ever. */
void manager_queue_destroy(struct manager *m, nsec now, struct link *link, uint32_t circ_id, uint8_t reason) {
    if (!destroy_queue_put(&link->destroys, m->memory, circ_id, reason)) {
        manager_link_doom(m, now, link);
        return;
    }
    manager_link_queued(m, link, 1);
    manager_link_want_write(m, link);
}

/* --- last words ------------------------------------------------------------------------------------------------------ */

#define SPEAK_INTERVAL (100 * NSEC_PER_MS)

/* CONTROL_DESTROY to the other half, if there is one. False without memory: then the half keeps its own until it has been said. */
static bool tell_peer(struct manager *m, const struct half *half, uint8_t reason) {
    if (!half->peer)
        return true;
    struct control *message = manager_post_farewell(m, half->peer);
    if (!message)
        return false;
    message->from = half->id;
    message->reason = reason;
    return true;
}

static void fall_silent(struct manager *m, nsec now, struct half *half, uint8_t reason) {
    half->state = HALF_SPEECHLESS;
    half->last_reason = reason;
    half->next_speechless = m->speechless;
    m->speechless = half;
    m->speak_at = now + SPEAK_INTERVAL;
}

void manager_halves_speak(struct manager *m, nsec now) {
    struct half *half;
    while ((half = m->speechless) != NULL) {
        if (!tell_peer(m, half, half->last_reason)) {
            m->speak_at = now + SPEAK_INTERVAL;
            return;
        }
        m->speechless = half->next_speechless;
        slab_put(&m->halves_slab, half);
    }
}

nsec manager_halves_speak_at(const struct manager *m) {
    return m->speechless ? m->speak_at : NSEC_NEVER;
}

/* --- closing --------------------------------------------------------------------------------------------------------- */

void manager_half_close(struct manager *m, nsec now, struct half *half, int reason_link, int reason_peer) {
    struct link *link = half->link;
    if (half->is_set) {
        manager_set_close(m, half, (uint8_t)reason_link);
        return;
    }
    if (link->is_moving)
        manager_move_half_closes(m, half);
    manager_trace(m, TRACE_CIRCUIT_CLOSE, link, half->circuit.circ_id, 0, 0,
                  (uint32_t)(reason_link == NO_REASON ? 0 : reason_link));
    manager_link_queued(m, link, -(int64_t)half->circuit.queue.count);
    manager_free_run(m, &half->circuit.queue);
    sched_deactivate(&link->queue, &half->sched);
    table_remove(&link->circuits, half->circuit.circ_id);
    manager_link_remove_half(m, link, half);
    if (link->first_half == HALF_NONE)
        link->idle_since = now;
    if (reason_link != NO_REASON)
        manager_queue_destroy(m, now, link, half->circuit.circ_id, (uint8_t)reason_link);
    bool is_said = reason_peer == NO_REASON || tell_peer(m, half, (uint8_t)reason_peer);
    manager_leg_close(m, half);
    manager_streams_close(m, half);
    manager_onion_close(m, half);
    manager_circuit_padding_stop(m, half);
    manager_deadline_clear(m, half);
    manager_half_rare_free(m, half);
    slot_map_remove(&m->halves, half->id);
    circuit_half_fini(&half->circuit, &m->layers);
    m->work.circuits_closed++;
    if (m->trim_at == NSEC_NEVER && slab_is_mostly_free(&m->halves_slab))
        m->trim_at = now + TRIM_AFTER;
    if (is_said)
        slab_put(&m->halves_slab, half);
    else
        fall_silent(m, now, half, (uint8_t)reason_peer);
}

void manager_half_fail(struct manager *m, nsec now, struct half *half, enum destroy_reason reason) {
    manager_half_close(m, now, half, reason, DESTROY_DESTROYED);
}

/* --- cells that wait for the link ------------------------------------------------------------------------------------ */

void manager_half_queued(struct manager *m, nsec now, struct half *half, uint32_t cells) {
    struct link *link = half->link;
    manager_link_queued(m, link, cells);
    activity_note(&m->halves_active, now, &half->active);
    if (sched_activate(&m->scheduler, now, &link->queue, &half->sched)) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
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
    enum err e = circuit_half_deliver(&half->circuit, m->crypt, run, &m->work);
    half_id id = half->id;
    if (half->is_padded)
        manager_circuit_padding_wait(m, now, half);
    manager_half_queued(m, now, half, count);
    if (e && (half = manager_half(m, id)) != NULL) {
        manager_client_queue_full(m, half);
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    }
}

bool manager_half_originate_cell(struct manager *m, nsec now, struct half *half, struct cell *cell,
                                 const struct relay_message *message, uint8_t *tag_out) {
    half_id id = half->id;
    manager_trace(m, TRACE_RELAY_OUT, half->link, half->circuit.circ_id, message->command,
                  (uint32_t)message->data.length, message->stream);
    if (half->is_set)
        return manager_set_originate(m, half, cell, message);
    enum err e = circuit_half_originate(&half->circuit, m->crypt, cell, tag_out, &m->work);
    manager_half_queued(m, now, half, 1);
    half = manager_half(m, id);
    if (e && half)
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    return !e && half;
}

bool manager_half_originate(struct manager *m, nsec now, struct half *half, uint8_t command, uint16_t stream,
                            struct span data) {
    struct cell *cell = manager_cell(m, CELL_MUST);
    if (!cell) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    uint8_t padding[CELL_BODY_LEN];
    m->crypt->padding(m->crypt->context, padding,
                      sizeof padding); /* rng would show where its tables' seeds come from */
    struct relay_message message = {.command = command, .stream = stream, .data = data};
    relay_message_encode(circuit_half_format(&half->circuit), cell->body, &message, padding);
    return manager_half_originate_cell(m, now, half, cell, &message, NULL);
}

void manager_circuit_destroyed(struct manager *m, nsec now, struct link *link, const struct cell_view *cell) {
    struct half *half = table_get(&link->circuits, cell->circ_id);
    /* The reason stops here: passing it on would tell the other side what happened far away (tor 0.4.9). */
    if (half)
        manager_half_close(m, now, half, NO_REASON, DESTROY_DESTROYED);
}
