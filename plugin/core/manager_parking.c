/* What is sent to a half while it moves waits with the sender.
 *
 * Who has a half's name and sends to it - its other half, the edges of its streams, the conflux set of a leg - is told that the half is moving, and
 * calls it by the name of a parking place from then on. A parking place is here, at the sender's own manager: what is sent to it
 * is kept in it at once, in order, and on nobody's way. When the half has arrived, or stays, the sender learns its name, and what
 * was kept goes there first. So nothing is sent to a half that is on its way, and nothing overtakes.
 *
 * Names of places are made up by who moves, and never again. Their slots are beyond those of slot maps, so they are found by
 * nobody who looks for a half. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_move_state.h"

struct parking_place {
    object_id name;
    object_id holder; /* who sends */
    object_id old;    /* who is moving */
    struct cell_run cells;
    struct control *controls;
    struct control **controls_end;
};

static struct parking_place *place_of(const struct manager *m, object_id name) {
    return object_is_parking(name) ? table_get(&m->mover.places, name) : NULL;
}

/* --- who sends ---------------------------------------------------------------------------------------------------------- */

/* The place where who has that name holds the name of whom it sends to; NULL when it does not hold `held`. */
static object_id *held_by(struct manager *m, object_id holder, object_id held) {
    object_id *at = NULL;
    if (object_class(holder) == OBJECT_EDGE) {
        struct edge *edge = slot_map_get(&m->edges, holder);
        at = edge ? &edge->circuit.half : NULL;
    } else {
        struct half *half = manager_half(m, holder);
        struct conflux_leg *leg =
            half && half->is_set ? conflux_legs_by_half(&half->rare->set->legs, held) : NULL;
        at = leg ? &leg->half : half ? &half->peer : NULL;
    }
    return at && *at == held ? at : NULL;
}

/* Without memory it cannot move. Nor can it when its other half has moved and it does not know yet: it would be a place at the
 * wrong station. */
static void refuse(struct manager *m, struct control *message) {
    manager_repost(m, message, object_station(message->from), 0, CONTROL_PARKING_FAILED);
}

void manager_parking_begin(struct manager *m, struct control *message) {
    object_id *at = held_by(m, message->to, message->from);
    if (!at) {
        if (table_get(&m->mover.formers, message->to))
            refuse(m, message);
        return;
    }
    struct parking_place *place = memory_allocate(m->memory, sizeof *place);
    if (!place || table_set(&m->mover.places, message->u.held, place)) {
        memory_release(m->memory, place, sizeof *place);
        refuse(m, message);
        return;
    }
    *place = (struct parking_place){.name = message->u.held, .holder = message->to, .old = message->from};
    place->controls_end = &place->controls;
    *at = place->name;
}

/* --- what is kept ------------------------------------------------------------------------------------------------------- */

void manager_park_control(struct manager *m, struct control *message) {
    struct parking_place *place = place_of(m, message->to);
    CHECK(place);
    message->next = NULL;
    *place->controls_end = message;
    place->controls_end = &message->next;
}

void manager_park_cells(struct manager *m, object_id to, struct cell_run *run) {
    struct parking_place *place = place_of(m, to);
    CHECK(place);
    cell_run_concat(&place->cells, run);
}

/* Cells of a circuit; the other half of one that moves is at another manager, or here. */
bool manager_pass_parked(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    struct parking_place *place = place_of(m, half->peer);
    if (place) {
        for (struct cell *cell = run->first; cell; cell = cell->next)
            cell->serial = half->extend_serial;
        cell_run_concat(&place->cells, run);
        if (place->cells.count > PARKED_CELLS_MAX)
            manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return true;
    }
    struct half *peer = manager_half(m, half->peer);
    place = peer ? place_of(m, peer->peer) : NULL;
    if (!place || place->old != half->id)
        return false;
    manager_half_deliver(m, now, peer, run); /* it is half that moves, and its peer sends nothing meanwhile */
    return true;
}

/* --- and then ----------------------------------------------------------------------------------------------------------- */

static void send_cells(struct manager *m, nsec now, object_id to, struct cell_run *run) {
    if (cell_run_is_empty(run))
        return;
    if (run->first->kind != CELL_KIND_CELL || object_station(to) != m->station) {
        manager_post_cells(m, to, run);
        return;
    }
    struct half *half = manager_half(m, to); /* as what follows does, on one thread */
    if (half && run->first->serial == half->extend_serial)
        manager_half_deliver(m, now, half, run);
    manager_free_run(m, run);
}

static void send_on(struct manager *m, nsec now, struct parking_place *place, object_id to) {
    while (place->controls) {
        struct control *message = place->controls;
        place->controls = message->next;
        manager_send(m, message, object_station(to), to, (enum control_kind)message->kind);
    }
    send_cells(m, now, to, &place->cells);
}

static void place_free(struct manager *m, struct parking_place *place) {
    manager_free_run(m, &place->cells);
    while (place->controls) {
        struct control *message = place->controls;
        place->controls = message->next;
        control_free(m->memory, message);
    }
    memory_release(m->memory, place, sizeof *place);
}

/* held is a parking name, or a former one. */
void manager_parking_end(struct manager *m, nsec now, struct control *message) {
    object_id held = message->u.held, name = message->from;
    object_id *at = held_by(m, message->to, held);
    struct half *half = NULL;
    if (at)
        *at = name;
    struct parking_place *place = place_of(m, held);
    if (place) {
        table_remove(&m->mover.places, held);
        send_on(m, now, place, name);
        place_free(m, place);
    } else if (!at && !manager_forward(m, message, &half) && half && half->peer == held) {
        half->peer = name;
    }
}

void manager_parking_end_here(struct manager *m, nsec now, struct control *message) {
    const struct control *kept = m->reposted;
    manager_parking_end(m, now, message);
    if (m->reposted != message)
        control_free(m->memory, message);
    m->reposted = kept;
}

void manager_parking_stop(struct manager *m) {
    uint32_t cursor = 0;
    struct parking_place *place;
    while ((place = table_take(&m->mover.places, &cursor)) != NULL)
        place_free(m, place);
}
