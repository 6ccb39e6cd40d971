/* Circuits that are legs of a conflux set, each on its own link and thread: LINK to LINKED_ACK, sequence numbers, flow control
 * (proposal 329). What streams say goes through the set (manager_conflux_set.c), which may be on another thread. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

/* Where the set of that name is kept: all legs must find it without asking. */
static station_id place_of(const struct manager *m, const uint8_t nonce[static CONFLUX_NONCE_LEN]) {
    uint16_t threads = m->config->connection_threads;
    return threads ? (station_id)(1 + load_u32(nonce) % threads) : m->station;
}

/* --- linking ---------------------------------------------------------------------------------------------------------- */

/* A circuit that ends here, with congestion control, and that nothing else has begun to use. */
static bool may_link(const struct half *half) {
    return half->state == HALF_OPEN && !half->peer && !half_onion(half) && !half_leg(half) &&
           half->terms.sendme_inc && !(half->exit && half->exit->streams.count) &&
           half->link->peer.is_authenticated;
}

static bool ask_to_link(struct manager *m, struct half *half, const struct conflux_link_message *link) {
    if (!manager_become_exit(m, half))
        return false;
    struct leg *leg = manager_half_rare_part(m, half, sizeof *leg, LEG_LAST_WORDS);
    if (!leg)
        return false;
    *leg = (struct leg){.received = link->last_sent};
    half->rare->leg = leg;
    struct control *ask = manager_post(m, place_of(m, link->nonce), 0, CONTROL_CONFLUX_LINK);
    if (!ask)
        return false;
    ask->from = half->id;
    ask->u.conflux = (struct control_conflux){
        .link = *link,
        .sendme_inc = half->terms.sendme_inc,
        .layer_kind = half->circuit.layer_kind,
        .may_begin = manager_previous_hop_may_begin(m, half),
    };
    return true;
}

static void link(struct manager *m, nsec now, struct half *half, struct span body) {
    struct conflux_link_message link;
    if (!may_link(half) || conflux_link_decode(body, &link))
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
    else if (!ask_to_link(m, half, &link))
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
}

/* The set has taken us in: from now on its streams may be begun on us. */
static void linked(struct manager *m, nsec now, struct half *half, const struct control *message) {
    uint8_t room[64];
    struct bytes_out body = bytes_out(room, sizeof room);
    conflux_link_encode(&body, &message->u.conflux.link);
    CHECK(bytes_out_ok(&body));
    half_leg(half)->set = message->from;
    half_leg(half)->number = message->count;
    half_leg(half)->linked_at = now;
    half_id id = half->id;
    if (!manager_half_originate(m, now, half, RELAY_CONFLUX_LINKED, 0,
                                (struct span){room, bytes_written(&body)}))
        return;
    manager_leg_report(m, now, manager_half(m, id));
}

static void acknowledged(struct manager *m, nsec now, struct half *half) {
    struct leg *leg = half_leg(half);
    if (!leg || !leg->set || leg->rtt) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    leg->rtt = now > leg->linked_at ? now - leg->linked_at : 1;
    manager_leg_report(m, now, half);
}

static void switched(struct manager *m, nsec now, struct half *half, struct span body) {
    struct conflux_switch_message message;
    if (!half_leg(half) || !half_leg(half)->set || conflux_switch_decode(body, &message))
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
    else
        half_leg(half)->received += message.skipped;
}

void manager_conflux_message(struct manager *m, nsec now, struct half *half,
                             const struct relay_message *message) {
    switch (message->command) {
    case RELAY_CONFLUX_LINK: link(m, now, half, message->data); break;
    case RELAY_CONFLUX_LINKED_ACK: acknowledged(m, now, half); break;
    case RELAY_CONFLUX_SWITCH: switched(m, now, half, message->data); break;
    default: manager_half_fail(m, now, half, DESTROY_PROTOCOL); /* LINKED is what we say */
    }
}

/* --- messages on their way to the set --------------------------------------------------------------------------------- */

static void pass_to_set(struct manager *m, nsec now, struct half *half, uint8_t command, struct cell *cell) {
    if (command == RELAY_DATA && !manager_count_circuit_data(m, now, half)) {
        manager_free_cell(m, cell);
        return;
    }
    struct leg *leg = half_leg(half);
    struct cell_run run = {0};
    cell->kind = CELL_KIND_LEG;
    cell->circ_id = leg->number;
    cell->serial = (uint32_t)++leg->received;
    leg->is_used = true;
    cell_run_append(&run, cell);
    manager_post_cells(m, leg->set, &run);
}

bool manager_leg_message(struct manager *m, nsec now, struct half *half, const struct relay_message *message,
                         struct cell *cell) {
    if (half_leg(half)->set && conflux_is_numbered(message->command)) {
        pass_to_set(m, now, half, message->command, cell);
        return true;
    }
    switch (message->command) {
    case RELAY_SENDME:
    case RELAY_DROP:
    case RELAY_PADDING_NEGOTIATE:
    case RELAY_CONFLUX_LINK:
    case RELAY_CONFLUX_LINKED:
    case RELAY_CONFLUX_LINKED_ACK:
    case RELAY_CONFLUX_SWITCH: return false;
    default: break;
    }
    /* Streams before LINKED, a directory, another hop: nobody may ask a leg for that. */
    manager_free_cell(m, cell);
    manager_half_fail(m, now, half, DESTROY_PROTOCOL);
    return true;
}

/* --- messages from the set -------------------------------------------------------------------------------------------- */

/* What the congestion window allows and the queue has room for; what the queue has no room for is said when the link has
 * taken some of it. */
void manager_leg_report(struct manager *m, nsec now, struct half *half) {
    struct leg *leg = half_leg(half);
    struct exit_streams *exit = half->exit;
    uint32_t high = (uint32_t)m->params.congestion.cellq_high, queued = half->circuit.queue.count;
    uint32_t room = circuit_flow_room(&exit->flow), space = queued < high ? high - queued : 0;
    if (!leg->set)
        return;
    struct control *message = manager_post(m, object_station(leg->set), leg->set, CONTROL_LEG_ROOM);
    if (!message) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    exit->is_queue_full = room > space;
    message->from = half->id;
    message->u.leg_room.allowed = leg->data_taken + (room < space ? room : space);
    nsec measured = exit->flow.congestion.rtt;
    message->u.leg_room.rtt = measured ? measured : leg->rtt;
}

void manager_leg_cells(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    half_id id = half->id;
    struct cell *cell;
    while ((half = manager_half(m, id)) != NULL && half_leg(half) && (cell = cell_run_shift(run)) != NULL) {
        struct relay_message message = {
            .command = cell->command, .stream = (uint16_t)cell->circ_id, .data = {NULL, cell->length}};
        uint8_t tag[FLOW_TAG_LEN];
        half_leg(half)->is_used = true;
        if (!manager_half_originate_cell(m, now, half, cell, &message, tag))
            return;
        if (message.command != RELAY_DATA)
            continue;
        half_leg(half)->data_taken++;
        if (circuit_flow_sent(&half->exit->flow, m->memory, now, tag))
            manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    }
}

void manager_leg_control(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    if (half && half_leg(half) && !half_leg(half)->set) {
        linked(m, now, half, message);
        return;
    }
    half_id set = message->from; /* we have gone while it took us in */
    message->from = message->to;
    message->count = 0; /* not used: what is there now is its number */
    manager_repost(m, message, object_station(set), set, CONTROL_LEG_CLOSED);
}

void manager_leg_close(struct manager *m, struct half *half) {
    struct leg *leg = half_leg(half);
    if (!leg)
        return;
    if (leg->set) {
        struct control *message =
            manager_post_last(m, object_station(leg->set), leg->set, CONTROL_LEG_CLOSED);
        CHECK(message);
        message->from = half->id;
        message->count = leg->is_used;
    }
    half->rare->leg = NULL;
    manager_half_rare_part_free(m, half, leg, sizeof *leg, LEG_LAST_WORDS);
}
