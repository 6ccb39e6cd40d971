/* What clients may not do too often (dos_params.h): circuits, which the controller counts by address; streams, which each
 * circuit counts for itself. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

/* CREATEs of a link that the controller is told of at a time: a small part of what an address may make at once. */
#define CREATES_TOLD_MAX    32
#define CREATES_TOLD(burst) ((burst) < 16 * CREATES_TOLD_MAX ? (burst) / 16 + 1 : CREATES_TOLD_MAX)

bool manager_knows_relay(const struct manager *m, const struct link *link) {
    return link->peer.is_authenticated && m->consensus &&
           consensus_view_find(m->consensus, link->peer.identity.rsa_id);
}

/* Who connected to us and is no relay of the consensus. */
static bool is_client(const struct manager *m, const struct link *link) {
    return !link->is_initiator && !manager_knows_relay(m, link);
}

/* Without memory they are counted with the next. */
static void tell_creates(struct manager *m, struct link *link) {
    struct control *message = manager_post(m, m->controller, 0, CONTROL_CREATES);
    if (!message)
        return;
    message->link = link->id;
    message->count = link->creates;
    link->creates = 0;
}

bool manager_client_may_create(struct manager *m, nsec now, struct link *link) {
    if (!m->dos.circuit_enabled || !is_client(m, link))
        return true;
    if (++link->creates >= (uint32_t)CREATES_TOLD(m->dos.circuit_burst))
        tell_creates(m, link);
    if (now >= link->refused_until || m->dos.circuit_defense != DOS_DEFENSE_REFUSE)
        return true;
    m->refused.circuit_rejected++;
    return false;
}

static void refuse(struct manager *m, struct control *message) {
    struct link *link = manager_link(m, message->link);
    if (link)
        link->refused_until = message->u.refused_until;
    else
        manager_forward_to_link(m, message);
}

/* The half towards the client: he has sent more than the next relay takes. */
static void queue_was_full(struct manager *m, struct control *message) {
    struct half *half = manager_half(m, message->to);
    if (!half || !half->link || !is_client(m, half->link))
        return;
    message->link = half->link->id;
    manager_repost(m, message, m->controller, 0, CONTROL_QUEUE_FULL);
}

void manager_client_control(struct manager *m, struct control *message) {
    if (message->kind == CONTROL_LINK_REFUSE)
        refuse(m, message);
    else
        queue_was_full(m, message);
}

void manager_client_queue_full(struct manager *m, const struct half *half) {
    if (half->is_towards_origin) {
        m->refused.circuit_killed_max_cell++;
        return;
    }
    m->refused.circuit_killed_max_cell_outq++;
    if (half->peer && m->dos.circuit_enabled)
        (void)!manager_post(m, object_station(half->peer), half->peer, CONTROL_QUEUE_FULL);
}

bool manager_client_may_begin(struct manager *m, nsec now, struct half *half) {
    if (!m->dos.stream_enabled || m->dos.stream_defense == DOS_DEFENSE_NONE)
        return true;
    if (!manager_become_exit(m, half)) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return false;
    }
    struct token_bucket *begins = &half->exit->begins;
    if (begins->rate != (uint64_t)m->dos.stream_rate || begins->burst != (uint64_t)m->dos.stream_burst)
        token_bucket_init(begins, now, (uint64_t)m->dos.stream_rate, (uint64_t)m->dos.stream_burst);
    if (token_bucket_available(begins, now) > 0) {
        token_bucket_take(begins, now, 1);
        return true;
    }
    m->refused.stream_rejected++;
    if (m->dos.stream_defense == DOS_DEFENSE_CLOSE_CIRCUIT)
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    return false;
}
