/* What comes to former names: of halves, and of links that have left.
 *
 * Who sends to a half by name has been told when it moved (manager_parking.c). A few were not, because the half did not know
 * them yet: they hold its name in a question, and answer it - an EXTEND, an introduction - or keep it as a service's or a
 * client's. For those the old manager remembers where the half went, and sends messages on, on the same lane; the new manager
 * remembers what the half was called. The parcel was posted before, so they find it unpacked. Names are never used again, so a
 * name that is forgotten is a stale one, and nothing worse. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_move_state.h"

static void former_free(struct manager *m, struct former_name *former) {
    list_remove(&former->by_age);
    memory_release(m->memory, former, sizeof *former);
}

static void former_forget(struct manager *m, struct former_name *former) {
    table_remove(&m->mover.formers, former->name);
    former_free(m, former);
}

static struct former_name *former_new(struct manager *m, object_id name) {
    struct former_name *former = memory_allocate(m->memory, sizeof *former);
    if (!former)
        return NULL;
    *former = (struct former_name){.name = name};
    list_init(&former->by_age);
    return former;
}

/* --- when they are used ------------------------------------------------------------------------------------------------- */

/* It may be for what has come and is not unpacked. */
static bool hold(struct manager *m, struct control *message) {
    if (!m->mover.arriving)
        return false;
    message->next = NULL;
    *m->mover.held_end = message;
    m->mover.held_end = &message->next;
    manager_keep(m, message);
    return true;
}

bool manager_forward(struct manager *m, struct control *message, struct half **half_out) {
    const struct former_name *former = table_get(&m->mover.formers, message->to);
    if (!former)
        return hold(m, message);
    if (former->half) {
        *half_out = manager_half(m, former->half);
        return false;
    }
    manager_repost(m, message, former->station, message->to, (enum control_kind)message->kind);
    return true;
}

bool manager_forward_to_link(struct manager *m, struct control *message) {
    uintptr_t gone = (uintptr_t)table_get(&m->mover.links, message->link);
    if (!gone)
        return hold(m, message);
    manager_repost(m, message, (station_id)(gone - 1), 0, (enum control_kind)message->kind);
    return true;
}

void manager_link_settled(struct manager *m, const struct control *message) {
    table_remove(&m->mover.links, message->link);
}

static void forward_cell(struct manager *m, nsec now, struct cell *cell) {
    struct cell_run run = {0};
    const struct former_name *former = table_get(&m->mover.formers, cell->to);
    struct half *half = former ? manager_half(m, former->half) : NULL;
    cell_run_append(&run, cell);
    if (former && !former->half)
        mailroom_post_cells(m->room, m->station, former->station, &run, &m->work);
    else if (half && cell->kind == CELL_KIND_CELL && cell->serial == half->extend_serial)
        manager_half_deliver(m, now, half, &run);
    manager_free_run(m, &run);
}

static void handle_fence(struct manager *m, nsec now, struct cell *cell) {
    struct cell_run run = {0};
    if (cell->home == m->station) {
        uint32_t serial = cell->serial;
        manager_free_cell(m, cell);
        manager_move_fence_returned(m, now, serial);
        return;
    }
    cell_run_append(&run, cell);
    mailroom_post_cells(m->room, m->station, cell->home, &run, &m->work);
}

void manager_unclaimed_cells(struct manager *m, nsec now, struct cell_run *run) {
    struct cell *cell;
    while ((cell = cell_run_shift(run)) != NULL) {
        if (cell->kind == CELL_KIND_FENCE)
            handle_fence(m, now, cell);
        else
            forward_cell(m, now, cell);
    }
}

/* --- when a link leaves ------------------------------------------------------------------------------------------------ */

/* Somebody may answer to its name whom it does not know. */
static bool is_awaited(const struct half *half) {
    return half->state == HALF_EXTENDING || half->state == HALF_CREATING || half_onion(half) ||
           half->has_introduced;
}

static bool add(struct manager *m, struct moving_half *moving, object_id name) {
    struct former_name *former = former_new(m, name);
    if (!former)
        return false;
    list_append(&moving->formers, &former->by_age);
    moving->formers_count++;
    return true;
}

enum err manager_formers_prepare(struct manager *m, struct link_move *move) {
    for (struct list *node = m->mover.by_age.next; node != &m->mover.by_age; node = node->next) {
        const struct former_name *former = LIST_ENTRY(node, struct former_name, by_age);
        struct moving_half *moving = manager_moving_half(move, former->half);
        if (moving && !add(m, moving, former->name))
            return ERR_LIMIT;
    }
    for (uint32_t i = 0; i < move->halves_count; i++) {
        struct moving_half *moving = &move->halves[i];
        if (!is_awaited(manager_half(m, moving->id)))
            continue;
        struct former_name *leads = former_new(m, moving->id);
        if (!leads || table_set(&m->mover.formers, moving->id, leads)) {
            memory_release(m->memory, leads, sizeof *leads);
            return ERR_LIMIT;
        }
        moving->leads = leads;
        if (!add(m, moving, moving->id))
            return ERR_LIMIT;
        if (moving->formers_count > FORMER_NAMES_MAX)
            return ERR_REFUSED;
    }
    return ERR_OK;
}

void manager_formers_forget(struct manager *m, struct moving_half *moving) {
    struct list *node;
    while (moving->formers.next && (node = list_take_first(&moving->formers)) != NULL)
        former_free(m, LIST_ENTRY(node, struct former_name, by_age));
    if (moving->leads)
        former_forget(m, moving->leads);
    moving->leads = NULL;
}

static void lead_on(struct manager *m, nsec now, struct former_name *former, station_id to) {
    former->half = 0;
    former->station = to;
    former->until = now + FORMER_NAME_KEPT;
    list_remove(&former->by_age);
    list_append(&m->mover.by_age, &former->by_age);
}

void manager_formers_lead(struct manager *m, nsec now, const struct link_move *move,
                          struct moving_half *moving) {
    for (struct list *node = moving->formers.next; node != &moving->formers; node = node->next) {
        struct former_name *former =
            table_get(&m->mover.formers, LIST_ENTRY(node, struct former_name, by_age)->name);
        if (former)
            lead_on(m, now, former, move->to);
    }
    moving->leads = NULL; /* it is in the table, as all are */
}

bool manager_formers_arrive(struct manager *m, nsec now, struct moving_half *moving) {
    struct list *node;
    while ((node = list_take_first(&moving->formers)) != NULL) {
        struct former_name *former = LIST_ENTRY(node, struct former_name, by_age);
        struct former_name *before = table_get(&m->mover.formers, former->name);
        if (before) /* it has been here before */
            former_forget(m, before);
        if (table_set(&m->mover.formers, former->name, former)) {
            former_free(m, former);
            return false;
        }
        former->half = moving->id_new;
        former->until = now + FORMER_NAME_KEPT;
        list_append(&m->mover.by_age, &former->by_age);
    }
    return true;
}

/* --- time ------------------------------------------------------------------------------------------------------------------ */

void manager_formers_tick(struct manager *m, nsec now) {
    struct list *list = &m->mover.by_age;
    while (!list_is_empty(list) && LIST_ENTRY(list->next, struct former_name, by_age)->until <= now)
        former_forget(m, LIST_ENTRY(list->next, struct former_name, by_age));
}

nsec manager_move_next(const struct manager *m) {
    const struct list *list = &m->mover.by_age;
    nsec oldest =
        list_is_empty(list) ? NSEC_NEVER : LIST_ENTRY(list->next, struct former_name, by_age)->until;
    return nsec_min(m->mover.at, oldest);
}

void manager_move_init(struct manager *m, uint64_t seed) {
    m->mover.at = NSEC_NEVER;
    m->mover.held_end = &m->mover.held;
    table_init(&m->mover.places, m->memory, seed);
    table_init(&m->mover.formers, m->memory, seed + 1);
    table_init(&m->mover.links, m->memory, seed + 2);
    list_init(&m->mover.by_age);
}

void manager_move_fini(struct manager *m) {
    manager_formers_tick(m, NSEC_NEVER);
    table_fini(&m->mover.places);
    table_fini(&m->mover.formers);
    table_fini(&m->mover.links);
}
