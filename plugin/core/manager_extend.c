/* EXTEND2 to EXTENDED2: another relay becomes the next hop of a circuit, and TRUNCATE undoes it. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

#define CIRC_ID_TRIES 64u

static bool is_zero(const uint8_t *bytes, size_t length) {
    uint8_t any = 0;
    for (size_t i = 0; i < length; i++)
        any |= bytes[i];
    return any == 0;
}

/* tor-spec 5.1.2, with what C tor refuses: ourselves, the hop before us, nobody, private addresses. */
static bool may_extend_to(const struct manager *m, const struct half *half,
                          const struct extend2_message *extend) {
    const struct link_peer *previous = &half->link->peer;
    if (is_zero(extend->rsa_id, RSA_ID_LEN) || memcmp(extend->rsa_id, m->config->rsa_id, RSA_ID_LEN) == 0)
        return false;
    if (previous->is_authenticated &&
        (memcmp(extend->rsa_id, previous->identity.rsa_id, RSA_ID_LEN) == 0 ||
         (extend->has_ed_id && memcmp(extend->ed_id, previous->identity.ed_id, ED_ID_LEN) == 0)))
        return false;
    if (extend->ipv4.address.family == ADDRESS_NONE && extend->ipv6.address.family == ADDRESS_NONE)
        return false;
    if (m->config->allow_private_addresses)
        return true;
    return !(extend->ipv4.address.family != ADDRESS_NONE && address_is_internal(&extend->ipv4.address)) &&
           !(extend->ipv6.address.family != ADDRESS_NONE && address_is_internal(&extend->ipv6.address));
}

void manager_circuit_extend(struct manager *m, nsec now, struct half *half, struct span data, bool is_early) {
    struct extend2_message extend;
    if (half->state != HALF_OPEN || half->peer || half_onion(half) ||
        (!is_early && !m->params.allow_nonearly_extend) || extend2_decode(data, &extend) ||
        !may_extend_to(m, half, &extend)) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct control *message = manager_deadline_set(m, half, now + EXTEND_TIMEOUT)
                                  ? manager_post(m, m->controller, 0, CONTROL_EXTEND)
                                  : NULL;
    if (!message) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    half->state = HALF_EXTENDING;
    message->from = half->id;
    message->serial = ++half->extend_serial;
    struct control_extend *ask = &message->u.extend;
    ask->ipv4 = extend.ipv4;
    ask->ipv6 = extend.ipv6;
    memcpy(ask->rsa_id, extend.rsa_id, sizeof ask->rsa_id);
    memcpy(ask->ed_id, extend.ed_id, sizeof ask->ed_id);
    ask->has_ed_id = extend.has_ed_id;
    ask->handshake_type = extend.create.type;
    ask->data_length = (uint16_t)extend.create.data.length;
    memcpy(ask->data, extend.create.data.data, extend.create.data.length);
    manager_trace(m, TRACE_CIRCUIT_EXTEND, half->link, half->circuit.circ_id, 0, 0, extend.create.type);
}

static uint32_t free_circ_id(struct link *link) {
    uint32_t high = link->is_initiator ? CIRC_ID_HIGH_BIT : 0;
    for (unsigned i = 0; i < CIRC_ID_TRIES; i++) {
        uint32_t id = (link->circ_id_next++ & ~CIRC_ID_HIGH_BIT) | high;
        if (id != high && !table_get(&link->circuits, id))
            return id;
    }
    return 0;
}

static void attach_failed(struct manager *m, struct control *message, uint8_t reason) {
    message->reason = reason;
    manager_repost(m, message, object_station(message->from), message->from, CONTROL_EXTEND_FAILED);
}

void manager_attach(struct manager *m, nsec now, struct control *message) {
    const struct control_extend *ask = &message->u.extend;
    struct link *link = manager_link(m, message->link);
    if (!link && manager_forward_to_link(m, message))
        return;
    if (manager_move_keeps(m, link, message))
        return;
    if (!link || link->state != LINK_OPEN) {
        attach_failed(m, message, DESTROY_CHANNEL_CLOSED);
        return;
    }
    uint32_t circ_id = free_circ_id(link);
    struct half *half = circ_id ? manager_half_new(m, now, link, circ_id, false) : NULL;
    struct cell *cell = half ? manager_cell(m, CELL_MAY_FAIL) : NULL;
    struct control *answer =
        cell ? manager_post(m, object_station(message->from), message->from, CONTROL_ATTACHED) : NULL;
    if (!answer) {
        if (cell)
            manager_free_cell(m, cell);
        if (half)
            manager_half_close(m, now, half, NO_REASON, NO_REASON);
        attach_failed(m, message, DESTROY_RESOURCELIMIT);
        return;
    }
    answer->from = half->id;
    answer->serial = message->serial;
    half->peer = message->from;
    half->extend_serial = message->serial;
    half->state = HALF_CREATING;

    struct create2_message create = {.type = ask->handshake_type, .data = {ask->data, ask->data_length}};
    struct bytes_out body = bytes_out(cell->body, CELL_BODY_LEN);
    memset(cell->body, 0, CELL_BODY_LEN);
    create2_encode(&body, &create);
    CHECK(bytes_out_ok(&body));
    cell->command = CELL_CREATE2;
    cell->length = CELL_BODY_LEN;
    circuit_half_queue_plain(&half->circuit, cell);
    manager_trace(m, TRACE_CIRCUIT_ATTACH, link, circ_id, 0, 0, create.type);
    manager_half_queued(m, now, half, 1);
}

void manager_circuit_created(struct manager *m, nsec now, struct link *link, const struct cell_view *cell) {
    struct half *half = table_get(&link->circuits, cell->circ_id);
    if (!half)
        return;
    struct span data;
    /* CREATED2 has room for two bytes more than any CREATE2, and so than our message to the other half. */
    if (half->is_towards_origin || half->state != HALF_CREATING ||
        created2_decode((struct span){cell->body, cell->length}, &data) || data.length > HANDSHAKE_DATA_MAX) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct control *message = manager_post(m, object_station(half->peer), half->peer, CONTROL_EXTENDED);
    if (!message) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    half->state = HALF_OPEN;
    message->from = half->id;
    message->u.extended.data_length = (uint16_t)data.length;
    memcpy(message->u.extended.data, data.data, data.length);
}

/* --- answers from the other half and the controller ---------------------------------------------------------------------- */

static void attached(struct manager *m, struct half *half, struct control *message) {
    half_id away = message->from;
    if (half && half->state == HALF_EXTENDING && half->extend_serial == message->serial && !half->peer) {
        half->peer = away;
        if (half->id != message->to) { /* which knows us by a former name */
            message->u.held = message->to;
            message->from = half->id;
            manager_repost(m, message, object_station(away), away, CONTROL_MOVED);
        }
        return;
    }
    message->from = message->to;
    message->reason = DESTROY_DESTROYED; /* nobody waits for it any more */
    manager_repost(m, message, object_station(away), away, CONTROL_DESTROY);
}

static void extended(struct manager *m, nsec now, struct half *half, const struct control *message) {
    if (half->state != HALF_EXTENDING || half->peer != message->from)
        return;
    half->state = HALF_OPEN;
    manager_deadline_clear(m, half);
    uint8_t room[RELAY_DATA_MAX];
    struct bytes_out body =
        bytes_out(room, relay_data_max(circuit_half_format(&half->circuit), RELAY_EXTENDED2));
    created2_encode(&body, (struct span){message->u.extended.data, message->u.extended.data_length});
    if (!bytes_out_ok(&body)) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL); /* a CREATED2 longer than an EXTENDED2 can be */
        return;
    }
    if (!manager_half_originate(m, now, half, RELAY_EXTENDED2, 0, (struct span){room, bytes_written(&body)}))
        return;
}

/* The half that a TRUNCATE cut off may still speak for a moment. */
static void destroyed_by_peer(struct manager *m, nsec now, struct half *half, const struct control *message) {
    bool is_set = half_leg(half) && half_leg(half)->set == message->from; /* 0: it has not taken us in */
    if (half->peer == message->from || is_set)
        manager_half_close(m, now, half, message->reason, NO_REASON);
}

static void extend_failed(struct manager *m, nsec now, struct half *half, const struct control *message) {
    if (half->state == HALF_EXTENDING && half->extend_serial == message->serial)
        manager_half_close(m, now, half, message->reason, NO_REASON);
}

void manager_circuit_truncate(struct manager *m, nsec now, struct half *half, struct span data) {
    if (half->peer) {
        struct control *message = manager_post(m, object_station(half->peer), half->peer, CONTROL_DESTROY);
        if (!message) {
            manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT); /* its last words are for later */
            return;
        }
        message->from = half->id;
        message->reason = DESTROY_REQUESTED;
    }
    half->peer = 0;
    half->extend_serial++;
    half->state = HALF_OPEN;
    manager_deadline_clear(m, half);
    uint8_t reason = reason_decode(data);
    if (!manager_half_originate(m, now, half, RELAY_TRUNCATED, 0, (struct span){&reason, 1}))
        return;
}

void manager_circuit_control(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    if (!half && manager_forward(m, message, &half))
        return;
    if (half && half->state == HALF_EXTENDING && !half->peer && manager_move_keeps(m, half->link, message))
        return;
    if (message->kind == CONTROL_ATTACHED) {
        attached(m, half, message);
        return;
    }
    if (!half) {
        if (message->kind == CONTROL_EDGE_OPENED)
            manager_repost(m, message, object_station(message->from), message->from, CONTROL_EDGE_CLOSE);
        return;
    }
    if (message->kind == CONTROL_EXTENDED)
        extended(m, now, half, message);
    else if (message->kind == CONTROL_DESTROY)
        destroyed_by_peer(m, now, half, message);
    else if (message->kind == CONTROL_EXTEND_FAILED)
        extend_failed(m, now, half, message);
    else
        manager_stream_control(m, now, half, message);
}
