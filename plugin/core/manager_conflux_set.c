/* Conflux sets: streams that are shared by several circuits (proposal 329). To the streams a set is a half without link; what
 * comes on its legs is put in order, what goes is given to the leg that has room. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

static uint64_t key_of(const uint8_t nonce[static CONFLUX_NONCE_LEN]) {
    return (uint64_t)load_u32(nonce + 4) << 32 | load_u32(nonce + 8);
}

/* --- coming and going ------------------------------------------------------------------------------------------------- */

static struct half *set_half(struct manager *m, const struct control_conflux *ask) {
    struct half *half = slab_take(&m->halves_slab);
    if (!half)
        return NULL;
    *half = (struct half){.state = HALF_OPEN, .is_towards_origin = true, .terms = {ask->sendme_inc}};
    circuit_half_init(&half->circuit, 0, 0);
    half->circuit.layer_kind = ask->layer_kind;
    half->id = slot_map_add(&m->halves, half);
    if (half->id && manager_half_rare(m, half))
        return half;
    if (half->id)
        slot_map_remove(&m->halves, half->id);
    slab_put(&m->halves_slab, half);
    return NULL;
}

static void set_free(struct manager *m, struct half *half) {
    struct conflux_set *set = half->rare->set;
    m->out_of_order -= set->legs.waiting;
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++)
        manager_free_run(m, &set->legs.legs[i].waiting);
    manager_streams_close(m, half);
    table_remove(&m->sets, key_of(set->nonce));
    memory_release(m->memory, set, sizeof *set);
    half->rare->set = NULL;
    manager_half_rare_free(m, half);
    slot_map_remove(&m->halves, half->id);
    circuit_half_fini(&half->circuit, &m->layers);
    slab_put(&m->halves_slab, half);
    control_spares_release(&m->spares, CONFLUX_LEGS_MAX);
}

static struct half *set_new(struct manager *m, const struct control_conflux *ask) {
    if (!control_spares_reserve(&m->spares, CONFLUX_LEGS_MAX))
        return NULL;
    struct conflux_set *set = memory_allocate(m->memory, sizeof *set);
    struct half *half = set ? set_half(m, ask) : NULL;
    if (!half) {
        memory_release(m->memory, set, sizeof *set);
        control_spares_release(&m->spares, CONFLUX_LEGS_MAX);
        return NULL;
    }
    *set = (struct conflux_set){.may_begin = true};
    memcpy(set->nonce, ask->link.nonce, sizeof set->nonce);
    half->rare->set = set;
    half->is_set = true;
    if (manager_become_exit(m, half) && !table_set(&m->sets, key_of(set->nonce), half))
        return half;
    set_free(m, half);
    return NULL;
}

void manager_set_close(struct manager *m, struct half *half, uint8_t reason) {
    struct conflux_set *set = half->rare->set;
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++) {
        half_id leg = set->legs.legs[i].half;
        if (!leg)
            continue;
        struct control *message = manager_post_last(m, object_station(leg), leg, CONTROL_DESTROY);
        CHECK(message);
        message->from = half->id;
        message->reason = reason;
    }
    set_free(m, half);
}

void manager_sets_stop(struct manager *m) {
    uint32_t cursor = 0;
    struct half *half;
    while ((half = table_take(&m->sets, &cursor)) != NULL)
        set_free(m, half);
}

/* --- legs ------------------------------------------------------------------------------------------------------------- */

/* Legs of a set are alike, or cells made for one would not fit another. */
static bool fits(const struct half *half, const struct control_conflux *ask) {
    return memcmp(half->rare->set->nonce, ask->link.nonce, CONFLUX_NONCE_LEN) == 0 &&
           half->terms.sendme_inc == ask->sendme_inc && half->circuit.layer_kind == ask->layer_kind;
}

static void refuse(struct manager *m, struct control *message, uint8_t reason) {
    half_id to = message->from;
    message->reason = reason;
    message->from = 0;
    manager_repost(m, message, object_station(to), to, CONTROL_DESTROY);
}

static void join(struct manager *m, struct half *half, struct control *message) {
    struct conflux_set *set = half->rare->set;
    struct control_conflux *ask = &message->u.conflux;
    half_id to = message->from;
    struct conflux_leg *leg = conflux_legs_join(&set->legs, to, &ask->link);
    if (!leg) {
        refuse(m, message, DESTROY_RESOURCELIMIT);
        return;
    }
    circuit_flow_init(&set->positions[leg - set->legs.legs], &m->params.congestion, ask->sendme_inc);
    set->may_begin &= ask->may_begin;
    m->work.conflux_legs++;
    /* proposal 329: an exit wishes the least delay */
    ask->link.wish = CONFLUX_MIN_LATENCY;
    ask->link.last_sent = set->legs.sent;
    ask->link.last_received = set->legs.given;
    message->from = half->id;
    message->count = leg->number;
    manager_repost(m, message, object_station(to), to, CONTROL_CONFLUX_LINKED);
}

static void link_asked(struct manager *m, struct control *message) {
    const struct control_conflux *ask = &message->u.conflux;
    struct half *half = table_get(&m->sets, key_of(ask->link.nonce));
    if (half && !fits(half, ask)) {
        refuse(m, message, DESTROY_PROTOCOL);
        return;
    }
    if (!half)
        half = set_new(m, ask);
    if (half)
        join(m, half, message);
    else
        refuse(m, message, DESTROY_RESOURCELIMIT);
}

/* Without resumption (which tor has not either) the set ends with a leg that was in use: what was on it is lost. One that was
 * not may have been the nearest, which streams were waiting for. */
static void leg_closed(struct manager *m, nsec now, struct half *half, struct conflux_leg *leg,
                       bool is_used) {
    struct conflux_legs *legs = &half->rare->set->legs;
    is_used |= leg->is_used;
    legs->waiting -= leg->waiting.count;
    m->out_of_order -= leg->waiting.count;
    manager_free_run(m, &leg->waiting);
    conflux_legs_leave(legs, leg);
    if (is_used || legs->count == 0)
        manager_set_close(m, half, DESTROY_FINISHED);
    else
        manager_streams_unblock(m, now, half);
}

void manager_set_control(struct manager *m, nsec now, struct control *message) {
    if (message->kind == CONTROL_CONFLUX_LINK) {
        link_asked(m, message);
        return;
    }
    struct half *half = manager_half(m, message->to);
    struct conflux_leg *leg =
        half && half->is_set ? conflux_legs_by_half(&half->rare->set->legs, message->from) : NULL;
    if (!leg)
        return;
    if (message->kind == CONTROL_LEG_CLOSED) {
        leg_closed(m, now, half, leg, message->count);
        return;
    }
    leg->data_allowed = message->u.leg_room.allowed;
    leg->rtt = message->u.leg_room.rtt;
    manager_streams_unblock(m, now, half);
}

/* --- what comes ------------------------------------------------------------------------------------------------------- */

static void fail(struct manager *m, struct half *half, enum err e) {
    manager_set_close(m, half, e == ERR_LIMIT ? DESTROY_RESOURCELIMIT : DESTROY_PROTOCOL);
}

static void handle(struct manager *m, nsec now, struct half *half, struct cell *cell) {
    struct relay_message message;
    m->work.conflux_messages++;
    if (relay_message_decode(circuit_half_format(&half->circuit), cell->body, &message)) {
        manager_free_cell(m, cell);
        fail(m, half, ERR_PROTOCOL);
    } else if (message.command == RELAY_CONNECTED || message.command == RELAY_RESOLVED) {
        manager_free_cell(m, cell); /* not from an origin: ignored, but it had its number */
    } else {
        manager_stream_message(m, now, half, &message, cell);
    }
}

static struct half *longest_set(struct manager *m) {
    uint32_t cursor = 0;
    struct half *longest = NULL;
    const struct table_entry *entry;
    while ((entry = table_next(&m->sets, &cursor)) != NULL) {
        struct half *half = entry->value;
        if (!longest || half->rare->set->legs.waiting > longest->rare->set->legs.waiting)
            longest = half;
    }
    return longest;
}

/* An origin decides how much it leaves out, and for how long. */
static void bound_out_of_order(struct manager *m) {
    while (m->out_of_order > MANAGER_OUT_OF_ORDER_MAX(m->config->cells_max_per_manager))
        fail(m, longest_set(m), ERR_LIMIT);
}

void manager_set_cells(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    half_id id = half->id;
    struct cell *cell;
    while ((half = manager_half(m, id)) != NULL && (cell = cell_run_shift(run)) != NULL) {
        struct conflux_leg *leg = conflux_legs_by_number(&half->rare->set->legs, cell->circ_id);
        enum err e = leg ? conflux_legs_received(&half->rare->set->legs, leg, cell) : ERR_OK;
        if (!leg || e)
            manager_free_cell(m, cell);
        if (e) {
            fail(m, half, e);
            return;
        }
        m->out_of_order += leg != NULL;
        while ((half = manager_half(m, id)) != NULL &&
               (cell = conflux_legs_next(&half->rare->set->legs)) != NULL) {
            m->out_of_order--;
            handle(m, now, half, cell);
        }
        bound_out_of_order(m);
    }
}

/* --- what goes -------------------------------------------------------------------------------------------------------- */

bool manager_set_has_room(struct half *half) {
    return conflux_legs_with_room(&half->rare->set->legs) != NULL;
}

struct circuit_flow *manager_set_position(struct half *half) {
    struct conflux_legs *legs = &half->rare->set->legs;
    struct conflux_leg *leg = conflux_legs_with_room(legs);
    CHECK(leg);
    return &half->rare->set->positions[leg - legs->legs];
}

/* It may be on its way to another manager. */
static void post_to_leg(struct manager *m, const struct conflux_leg *leg, struct cell_run *run) {
    if (object_is_parking(leg->half))
        manager_park_cells(m, leg->half, run);
    else
        manager_post_cells(m, leg->half, run);
}

static bool send_switch(struct manager *m, const struct half *half, const struct conflux_leg *leg,
                        uint32_t skipped) {
    uint8_t room[8], padding[CELL_BODY_LEN];
    struct bytes_out body = bytes_out(room, sizeof room);
    conflux_switch_encode(&body, &(struct conflux_switch_message){skipped});
    struct cell *cell = manager_cell(m, CELL_MUST);
    if (!cell)
        return false;
    m->crypt->padding(m->crypt->context, padding, sizeof padding);
    struct relay_message message = {.command = RELAY_CONFLUX_SWITCH, .data = {room, bytes_written(&body)}};
    relay_message_encode(circuit_half_format(&half->circuit), cell->body, &message, padding);
    struct cell_run run = {0};
    cell->kind = CELL_KIND_LEG;
    cell->command = RELAY_CONFLUX_SWITCH;
    cell->circ_id = 0;
    cell->length = (uint16_t)message.data.length;
    cell_run_append(&run, cell);
    post_to_leg(m, leg, &run);
    m->work.conflux_switches++;
    return true;
}

bool manager_set_originate(struct manager *m, struct half *half, struct cell *cell,
                           const struct relay_message *message) {
    struct conflux_legs *legs = &half->rare->set->legs;
    bool is_data = message->command == RELAY_DATA;
    struct conflux_leg *leg = conflux_legs_any(legs); /* for DATA there is room: it was asked for before */
    uint32_t skipped;
    if (conflux_legs_send(legs, leg, is_data, &skipped) && !send_switch(m, half, leg, skipped)) {
        manager_free_cell(m, cell);
        manager_set_close(m, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    struct cell_run run = {0};
    cell->kind = CELL_KIND_LEG;
    cell->command = message->command;
    cell->circ_id = message->stream;
    cell->length = (uint16_t)message->data.length;
    cell_run_append(&run, cell);
    post_to_leg(m, leg, &run);
    m->work.conflux_messages++;
    if (is_data)
        circuit_flow_passed(&half->rare->set->positions[leg - legs->legs]);
    return true;
}
