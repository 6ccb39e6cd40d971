/* Introduction and rendezvous points: circuits that end here as those of onion services and of their clients
 * (rend-spec-v3 3.1, 3.2, 4.1).
 *
 * Names - a service's authentication key, a client's cookie - are kept at the manager that manager_name_place says; circuits
 * may be on any. What one half has to say to another goes there first, in one message that is sent on until it comes back
 * as the answer, so that it needs memory once.
 *
 *   service  ESTABLISH_INTRO -> worker: signed? -> ONION_CLAIM -> place -> ONION_CLAIMED -> INTRO_ESTABLISHED
 *   client   INTRODUCE1 -> INTRODUCE -> place -> INTRODUCTION -> service's half: INTRODUCE2 -> INTRODUCED -> INTRODUCE_ACK
 *   client   ESTABLISH_RENDEZVOUS -> ONION_CLAIM -> place -> ONION_CLAIMED -> RENDEZVOUS_ESTABLISHED
 *   service  RENDEZVOUS1 -> RENDEZVOUS -> place -> JOIN -> client's half: RENDEZVOUS2 -> JOINED
 *
 * Then the two halves are each other's peers, as the two sides of a circuit are: what the one does not recognize the other
 * wraps for its origin, and the end of the one is the end of the other. Both have keys. */
#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"
#include "crypt/intro_auth.h"

static_assert(RELAY_DATA_MAX <= HANDSHAKE_DATA_MAX, "a job holds any relay message");

/* --- coming and going ----------------------------------------------------------------------------------------------- */

static struct onion_role *role_new(struct manager *m, struct half *half, const struct onion_name *name,
                                   enum onion_state state) {
    struct onion_role *role = manager_half_rare_part(m, half, sizeof *role, ONION_LAST_WORDS);
    if (!role)
        return NULL;
    *role = (struct onion_role){.name = *name, .state = state};
    half->rare->onion = role;
    return role;
}

static void role_free(struct manager *m, struct half *half) {
    struct onion_role *role = half->rare->onion;
    manager_free_run(m, &role->held);
    half->rare->onion = NULL;
    manager_half_rare_part_free(m, half, role, sizeof *role, ONION_LAST_WORDS);
}

void manager_onion_close(struct manager *m, struct half *half) {
    struct onion_role *role = half_onion(half);
    if (!role)
        return;
    if (role->state == ONION_CLAIMING || role->state == ONION_WAITING) {
        struct control *message =
            manager_post_last(m, manager_name_place(m, &role->name), 0, CONTROL_ONION_FORGET);
        CHECK(message);
        message->from = half->id;
        message->u.onion.name = role->name;
    }
    role_free(m, half);
}

/* Its origin must be able to hear us, and nobody else may be behind us. */
static bool may_take_role(const struct half *half) {
    return half->state == HALF_OPEN && !half->peer && !half_onion(half);
}

/* The role that half waits in under that name; NULL when it does not, or is gone. */
static struct onion_role *waiting_as(const struct half *half, const struct onion_name *name) {
    struct onion_role *role = half ? half_onion(half) : NULL;
    if (!role || role->state != ONION_WAITING || role->name.kind != name->kind ||
        memcmp(role->name.bytes, name->bytes, ONION_NAME_LEN) != 0)
        return NULL;
    return role;
}

/* A message about name to where it is kept; NULL without memory. */
static struct control *ask_place(struct manager *m, const struct half *half, const struct onion_name *name,
                                 enum control_kind kind) {
    struct control *ask = manager_post(m, manager_name_place(m, name), 0, kind);
    if (!ask)
        return NULL;
    ask->from = half->id;
    ask->u.onion.name = *name;
    return ask;
}

static struct control *ask_place_with(struct manager *m, const struct half *half,
                                      const struct onion_name *name, enum control_kind kind,
                                      struct span data) {
    CHECK(data.length <= RELAY_DATA_MAX);
    struct control *ask = ask_place(m, half, name, kind);
    if (!ask)
        return NULL;
    ask->u.onion.length = (uint16_t)data.length;
    if (data.length)
        memcpy(ask->u.onion.data, data.data, data.length);
    return ask;
}

static void claim_name(struct manager *m, nsec now, struct half *half) {
    if (!ask_place(m, half, &half_onion(half)->name, CONTROL_ONION_CLAIM)) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    half_onion(half)->state = ONION_CLAIMING;
}

/* --- introduction: the service ---------------------------------------------------------------------------------------- */

static void establish_intro(struct manager *m, nsec now, struct half *half, struct span data) {
    struct establish_intro_message message;
    if (!may_take_role(half) || establish_intro_decode(data, &message) ||
        !intro_auth_has_mac(m->crypt, &message, circuit_half_kh(&half->circuit, m->crypt))) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct onion_name name = onion_name_intro(message.auth_key);
    struct onion_role *role = role_new(m, half, &name, ONION_PROVING);
    if (!role) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    role->limit = message.limit;
    struct job job = {.half = half->id, .kind = JOB_INTRO_PROOF, .data_length = (uint16_t)data.length};
    memcpy(job.data, data.data, data.length);
    m->port->offload(m->port, &job);
}

void manager_onion_proved(struct manager *m, nsec now, struct half *half, const struct job_result *result) {
    if (!half_onion(half) || half_onion(half)->state != ONION_PROVING)
        return;
    if (result->error)
        manager_half_fail(m, now, half,
                          result->error == ERR_LIMIT ? DESTROY_RESOURCELIMIT : DESTROY_PROTOCOL);
    else
        claim_name(m, now, half);
}

/* What the service has asked for goes before what the consensus says (proposal 305). */
static struct intro_limit limit_of(const struct manager *m, const struct onion_role *role) {
    const struct consensus_params *p = &m->params;
    if (role->limit.kind != INTRO_LIMIT_CONSENSUS)
        return role->limit;
    if (!p->intro_limit_enabled)
        return (struct intro_limit){.kind = INTRO_LIMIT_NONE};
    return (struct intro_limit){INTRO_LIMIT_SET, (uint32_t)p->intro_limit_rate,
                                (uint32_t)p->intro_limit_burst};
}

static bool may_introduce(struct manager *m, nsec now, struct onion_role *role) {
    struct intro_limit limit = limit_of(m, role);
    if (limit.kind == INTRO_LIMIT_NONE)
        return true;
    if (role->bucket.rate != limit.rate || role->bucket.burst != limit.burst)
        token_bucket_init(&role->bucket, now, limit.rate, limit.burst);
    if (token_bucket_available(&role->bucket, now) == 0) {
        m->refused.introduce2_rejected++;
        return false;
    }
    token_bucket_take(&role->bucket, now, 1);
    return true;
}

/* The client's words go to the service as they are; whether that worked goes back. */
static void introduction(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    struct control_onion *onion = &message->u.onion;
    struct onion_role *role = waiting_as(half, &onion->name);
    uint8_t status = INTRODUCE_UNKNOWN_ID; /* also when there are too many, as tor has it */
    if (role && onion->length > relay_data_max(circuit_half_format(&half->circuit), RELAY_INTRODUCE2))
        status = INTRODUCE_CANT_RELAY; /* it fills a V0 cell, and the service's circuit has V1 */
    else if (role && may_introduce(m, now, role) &&
             manager_half_originate(m, now, half, RELAY_INTRODUCE2, 0,
                                    (struct span){onion->data, onion->length}))
        status = INTRODUCE_SUCCESS;
    message->reason = status;
    manager_repost(m, message, object_station(message->from), message->from, CONTROL_INTRODUCED);
}

/* --- introduction: the client ----------------------------------------------------------------------------------------- */

static void acknowledge(struct manager *m, nsec now, struct half *half, uint16_t status) {
    uint8_t room[8];
    struct bytes_out body = bytes_out(room, sizeof room);
    introduce_ack_encode(&body, status);
    CHECK(bytes_out_ok(&body));
    struct span data = {room, bytes_written(&body)};
    if (!manager_half_originate(m, now, half, RELAY_INTRODUCE_ACK, 0, data))
        return;
}

/* One for each circuit, and none from who is our neighbour: or a single client could hammer a service through us. */
static void introduce1(struct manager *m, nsec now, struct half *half, struct span data) {
    struct introduce1_message message;
    if (!may_take_role(half) || half->has_introduced || !half->link->peer.is_authenticated) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    half->has_introduced = true;
    if (introduce1_decode(data, &message)) {
        acknowledge(m, now, half, INTRODUCE_BAD_FORMAT);
        return;
    }
    struct onion_name name = onion_name_intro(message.auth_key);
    if (!ask_place_with(m, half, &name, CONTROL_INTRODUCE, data))
        acknowledge(m, now, half, INTRODUCE_CANT_RELAY);
}

/* --- rendezvous ------------------------------------------------------------------------------------------------------- */

static void establish_rendezvous(struct manager *m, nsec now, struct half *half, struct span data) {
    uint8_t cookie[REND_COOKIE_LEN];
    if (m->dos.refuse_single_hop && !half->link->peer.is_authenticated) {
        m->refused.single_hop_refused++;
        return; /* in silence, as tor does: it has to time out before it tries again */
    }
    if (!may_take_role(half) || establish_rendezvous_decode(data, cookie)) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct onion_name name = onion_name_rend(cookie);
    if (role_new(m, half, &name, ONION_CLAIMING))
        claim_name(m, now, half);
    else
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
}

static void rendezvous1(struct manager *m, nsec now, struct half *half, struct span data) {
    struct rendezvous1_message message;
    if (!may_take_role(half) || rendezvous1_decode(data, &message)) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct onion_name name = onion_name_rend(message.cookie);
    struct control *ask = NULL;
    if (role_new(m, half, &name, ONION_JOINING))
        ask = ask_place_with(m, half, &name, CONTROL_RENDEZVOUS, message.handshake);
    if (!ask) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    ask->serial = half->extend_serial;
}

/* The service's half learns that it has a peer. */
static void joined(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    half_id client = message->from;
    if (!half) {
        message->from = message->to;
        message->reason = DESTROY_DESTROYED; /* it is not there any more */
        manager_repost(m, message, object_station(client), client, CONTROL_DESTROY);
        return;
    }
    CHECK(half_onion(half) && half_onion(half)->state == ONION_JOINING);
    struct cell_run held = {0};
    cell_run_concat(&held, &half_onion(half)->held);
    role_free(m, half);
    half->peer = client;
    half->extend_serial = message->serial;
    manager_trace(m, TRACE_CIRCUIT_JOIN, half->link, half->circuit.circ_id, 0, 0, 0);
    manager_pass_on(m, now, half, &held);
}

/* The client's half learns first. JOINED goes ahead of its cells and of its end; on one thread, where cells take no way,
 * the service's half is told at once. */
static void join(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    half_id service = message->from;
    if (!waiting_as(half, &message->u.onion.name)) {
        manager_repost(m, message, object_station(service), service, CONTROL_ONION_REFUSED);
        return;
    }
    uint8_t handshake[RELAY_DATA_MAX];
    uint16_t length = message->u.onion.length;
    memcpy(handshake, message->u.onion.data, length);
    role_free(m, half);
    half->peer = service;
    /* Larger than any that either has had, so that no cell of an earlier peer is taken for one of this one. */
    half->extend_serial = (message->serial > half->extend_serial ? message->serial : half->extend_serial) + 1;
    message->serial = half->extend_serial;
    message->to = service;
    message->from = half->id;
    bool is_here = object_station(service) == m->station;
    if (!is_here)
        manager_repost(m, message, object_station(service), service, CONTROL_JOINED);
    manager_trace(m, TRACE_CIRCUIT_JOIN, half->link, half->circuit.circ_id, 0, 0, 0);
    /* When this closes the circuit, the service's half hears of it behind JOINED. */
    (void)!manager_half_originate(m, now, half, RELAY_RENDEZVOUS2, 0, (struct span){handshake, length});
    if (is_here)
        joined(m, now, message);
}

bool manager_onion_hold(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    struct onion_role *role = half_onion(half);
    if (!role || role->state != ONION_JOINING)
        return false;
    cell_run_concat(&role->held, run);
    if (role->held.count > ONION_HELD_MAX)
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    return true;
}

/* --- what comes ------------------------------------------------------------------------------------------------------- */

void manager_onion_message(struct manager *m, nsec now, struct half *half,
                           const struct relay_message *message) {
    switch (message->command) {
    case RELAY_ESTABLISH_INTRO: establish_intro(m, now, half, message->data); break;
    case RELAY_INTRODUCE1: introduce1(m, now, half, message->data); break;
    case RELAY_ESTABLISH_RENDEZVOUS: establish_rendezvous(m, now, half, message->data); break;
    case RELAY_RENDEZVOUS1: rendezvous1(m, now, half, message->data); break;
    default: CHECK(!"a message of onion services");
    }
}

static void claimed(struct manager *m, nsec now, struct half *half, uint8_t reason) {
    struct onion_role *role = half_onion(half);
    if (!role || role->state != ONION_CLAIMING)
        return;
    if (reason != DESTROY_NONE) {
        manager_half_fail(m, now, half, reason);
        return;
    }
    role->state = ONION_WAITING;
    uint8_t room[8];
    struct bytes_out body = bytes_out(room, sizeof room);
    bool is_intro = role->name.kind == ONION_NAME_INTRO;
    if (is_intro)
        intro_established_encode(&body);
    CHECK(bytes_out_ok(&body));
    if (!manager_half_originate(m, now, half,
                                is_intro ? RELAY_INTRO_ESTABLISHED : RELAY_RENDEZVOUS_ESTABLISHED, 0,
                                (struct span){room, bytes_written(&body)}))
        return;
}

void manager_onion_control(struct manager *m, nsec now, struct control *message) {
    struct half *half = manager_half(m, message->to);
    if (!half && manager_forward(m, message, &half))
        return;
    if (half && message->kind == CONTROL_JOIN && manager_move_keeps(m, half->link, message))
        return;
    if (half)
        message->to = half->id;
    if (message->kind == CONTROL_INTRODUCTION)
        introduction(m, now, message);
    else if (message->kind == CONTROL_JOIN)
        join(m, now, message);
    else if (message->kind == CONTROL_JOINED)
        joined(m, now, message);
    else if (!half)
        return;
    else if (message->kind == CONTROL_ONION_CLAIMED)
        claimed(m, now, half, message->reason);
    else if (message->kind == CONTROL_INTRODUCED)
        acknowledge(m, now, half, message->reason);
    else if (message->kind == CONTROL_ONION_REPLACED)
        manager_half_close(m, now, half, DESTROY_FINISHED, NO_REASON);
    else
        manager_half_fail(m, now, half, DESTROY_PROTOCOL); /* ONION_REFUSED: no such cookie */
}
