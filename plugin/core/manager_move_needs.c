/* What a move needs, and holds until it has ended one way or the other. */
#include "base/check.h"
#include "core/manager_move_state.h"

/* --- what a move holds ------------------------------------------------------------------------------------------------ */

static void free_messages(struct manager *m, struct control **first) {
    while (*first) {
        struct control *message = *first;
        *first = message->next;
        control_free(m->memory, message);
    }
}

void manager_move_free(struct manager *m, struct link_move *move) {
    for (uint32_t i = 0; i < move->halves_count; i++) {
        manager_formers_forget(m, &move->halves[i]);
        free_messages(m, &move->halves[i].told);
        control_free(m->memory, move->halves[i].renamed);
        control_free(m->memory, move->halves[i].farewell);
        memory_release(m->memory, move->halves[i].layers, move->halves[i].layers_size);
    }
    free_messages(m, &move->spares);
    control_free(m->memory, move->order);
    control_free(m->memory, move->parcel);
    table_fini(&move->by_id);
    memory_release(m->memory, move->streams, move->streams_count * sizeof *move->streams);
    memory_release(m->memory, move->halves, move->halves_count * sizeof *move->halves);
    memory_release(m->memory, move, sizeof *move);
}

struct moving_half *manager_moving_half(const struct link_move *move, half_id id) {
    return table_get(&move->by_id, id);
}

void manager_move_tell(struct manager *m, struct moving_half *moving, half_id name) {
    while (moving->told) {
        struct control *message = moving->told;
        moving->told = message->next;
        message->from = name;
        manager_send(m, message, object_station(message->to), message->to, CONTROL_MOVED);
    }
}

/* --- before anybody is told: who sends to its halves ---------------------------------------------------------------------------------------------- */

/* A name beyond those of slot maps, at that station. */
static object_id new_parking_name(struct manager *m, station_id station) {
    uint64_t name = (uint64_t)m->station << 46 | ++m->mover.names;
    return object_id_make(station, OBJECT_HALF,
                          OBJECT_PARKING_SLOT | (uint32_t)(name >> 27 & (OBJECT_PARKING_SLOT - 1)),
                          (uint32_t)name & OBJECT_GENERATION_MAX);
}

/* Prepare to tell who sends to moving. */
static bool prepare_to_tell(struct manager *m, struct moving_half *moving, object_id sender,
                            struct control **first) {
    struct control *moves = control_new(m->memory, CONTROL_MOVING);
    struct control *moved = control_new(m->memory, CONTROL_MOVED);
    if (!moves || !moved) {
        control_free(m->memory, moves);
        control_free(m->memory, moved);
        return false;
    }
    moves->to = moved->to = sender;
    moves->from = moving->id;
    moves->serial = m->mover.move->serial;
    moves->u.held = moved->u.held = new_parking_name(m, object_station(sender));
    moves->next = *first;
    *first = moves;
    moved->next = moving->told;
    moving->told = moved;
    return true;
}

static bool prepare_half(struct manager *m, struct moving_half *moving, struct control **first) {
    struct link_move *move = m->mover.move;
    struct half *half = manager_half(m, moving->id);
    struct half *peer = manager_half(m, half->peer);
    const struct moving_half *twin =
        peer && peer->peer == half->id ? manager_moving_half(move, half->peer) : NULL;
    if (twin)
        moving->twin = (uint32_t)(twin - move->halves) + 1;
    else if (half->peer && (!prepare_to_tell(m, moving, half->peer, first) ||
                            !(moving->farewell = control_new(m->memory, CONTROL_DESTROY))))
        return false;
    if (circuit_half_has_keys(&half->circuit)) {
        moving->layers_size = layer_store_size(&m->layers, (enum layer_kind)half->circuit.layer_kind);
        if (!(moving->layers = memory_allocate(m->memory, moving->layers_size)))
            return false;
    }
    if (half_leg(half) && !prepare_to_tell(m, moving, half_leg(half)->set, first))
        return false;
    if (half_onion(half) && !(moving->renamed = control_new(m->memory, CONTROL_ONION_RENAMED)))
        return false;
    uint32_t cursor = 0;
    const struct table_entry *entry;
    while (half->exit && (entry = table_next(&half->exit->streams, &cursor)) != NULL) {
        if (!prepare_to_tell(m, moving, ((const struct stream *)entry->value)->edge, first))
            return false;
    }
    return true;
}

/* False without memory. */
static bool list_halves(struct manager *m, struct link_move *move, const struct link *link) {
    uint32_t count = link->circuits.count, n = 0, streams = 0;
    for (const struct half *half = manager_link_first_half(m, link); half;
         half = manager_link_next_half(m, half))
        streams += half->exit ? half->exit->streams.count : 0;
    if (streams && !(move->streams = memory_allocate(m->memory, streams * sizeof *move->streams)))
        return false;
    move->streams_count = streams;
    if (count && !(move->halves = memory_allocate(m->memory, count * sizeof *move->halves)))
        return false;
    move->halves_count = count;
    for (const struct half *half = manager_link_first_half(m, link); half;
         half = manager_link_next_half(m, half), n++) {
        move->halves[n].id = half->id;
        list_init(&move->halves[n].formers);
        if (table_set(&move->by_id, move->halves[n].id, &move->halves[n]))
            return false;
    }
    CHECK(n == count);
    return true;
}

static enum err prepare(struct manager *m, struct link_move *move, const struct link *link,
                        struct control **first) {
    move->parcel = control_new(m->memory, CONTROL_LINK_PARCEL);
    uintptr_t leads_to = (uintptr_t)move->to + 1;
    if (!move->parcel || !list_halves(m, move, link) ||
        table_set(&m->mover.links, link->id, (void *)leads_to))
        return ERR_LIMIT;
    for (uint32_t i = 0; i < move->halves_count; i++) {
        if (!prepare_half(m, &move->halves[i], first))
            return ERR_LIMIT;
    }
    return manager_formers_prepare(m, move);
}

enum err manager_move_prepare(struct manager *m, struct link_move *move, const struct link *link,
                              struct control **moving_out) {
    enum err e = prepare(m, move, link, moving_out);
    if (e == ERR_OK)
        return ERR_OK;
    free_messages(m, moving_out);
    for (uint32_t i = 0; i < move->halves_count; i++)
        free_messages(m, &move->halves[i].told);
    return e;
}
