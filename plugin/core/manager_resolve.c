/* Names: RESOLVE at the half that it came to (tor-spec 6.4), and what edges ask of the world before they connect. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

/* --- at the half --------------------------------------------------------------------------------------------------- */

/* False when the circuit had to be closed. */
static bool send_resolved(struct manager *m, nsec now, struct half *half, uint16_t stream,
                          const struct name_answer *answer) {
    uint8_t room[RELAY_DATA_MAX];
    size_t most = relay_data_max(circuit_half_format(&half->circuit), RELAY_RESOLVED);
    struct bytes_out body = bytes_out(room, most);
    resolved_encode(&body, answer);
    CHECK(bytes_out_ok(&body));
    return manager_half_originate(m, now, half, RELAY_RESOLVED, stream,
                                  (struct span){room, bytes_written(&body)});
}

static bool send_failure(struct manager *m, nsec now, struct half *half, uint16_t stream,
                         enum name_status status) {
    const struct name_answer answer = {.status = (uint8_t)status};
    return send_resolved(m, now, half, stream, &answer);
}

/* Somebody has to be asked: by an edge that ends with the answer. False when the circuit had to be closed. */
static bool ask(struct manager *m, nsec now, struct half *half, uint16_t id, const struct name_query *query) {
    struct stream *stream = manager_stream_new(m, half, id);
    struct control *message = NULL;
    if (stream) {
        stream->is_resolve = true;
        stream->edge_station = manager_next_edge_station(m);
        message = manager_post(m, stream->edge_station, 0, CONTROL_EDGE_RESOLVE);
    }
    if (message) {
        message->from = half->id;
        message->stream = id;
        message->serial = stream->serial;
        message->u.query = *query;
        message->u.query.wants_ipv6 = m->config->ipv6_exit;
        return true;
    }
    if (stream)
        manager_stream_free(m, half, stream);
    return send_failure(m, now, half, id, NAME_TRANSIENT);
}

bool manager_resolve(struct manager *m, nsec now, struct half *half, const struct relay_message *message) {
    struct name_query query;
    if (resolve_decode(message->data, &query) || !m->config->is_exit)
        return send_failure(m, now, half, message->stream, NAME_NONTRANSIENT);
    if (!query.host[0] || query.address.family == ADDRESS_NONE)
        return ask(m, now, half, message->stream, &query);
    const struct name_answer itself = {.status = NAME_FOUND, .count = 1, .addresses = {query.address}};
    return send_resolved(m, now, half, message->stream, &itself);
}

bool manager_resolve_refuse(struct manager *m, nsec now, struct half *half, uint16_t stream) {
    return send_failure(m, now, half, stream, NAME_TRANSIENT);
}

bool manager_resolve_answered(struct manager *m, nsec now, struct half *half, struct stream *stream,
                              const struct name_answer *answer) {
    uint16_t id = stream->id;
    manager_stream_free(m, half, stream);
    return answer ? send_resolved(m, now, half, id, answer) : send_failure(m, now, half, id, NAME_TRANSIENT);
}

/* --- at the edge --------------------------------------------------------------------------------------------------- */

/* The policy says no; the origin is told which address it was about, if there is memory for that. */
static void refuse(struct manager *m, struct edge *edge, uint8_t reason, const struct address *address) {
    struct control *message = NULL;
    if (reason == END_EXITPOLICY && address->family != ADDRESS_NONE)
        message = manager_edge_tell(m, edge, CONTROL_EDGE_REFUSED);
    if (message)
        message->u.refused = *address;
    else
        manager_edge_tell_failed(m, edge, reason);
    manager_edge_close(m, edge, reason);
}

static void connect_or_refuse(struct manager *m, struct edge *edge, const struct name_answer *answer) {
    struct endpoint to;
    uint8_t reason = exit_choose(m->config->exit_policy, m->config->ipv6_exit, &edge->wish, answer, &to);
    if (reason)
        refuse(m, edge, reason, &to.address);
    else
        m->port->edge_connect(m->port, edge->id, &to);
}

void manager_edge_find(struct manager *m, struct edge *edge, const struct begin_message *to) {
    static const struct address none = {.family = ADDRESS_NONE};
    struct name_query query;
    struct name_answer answer;
    if (exit_wish_take(to, m->config->ipv6_exit, &edge->wish, &query, &answer)) {
        connect_or_refuse(m, edge, &answer);
    } else if (!query.wants_ipv4 && !query.wants_ipv6) {
        refuse(m, edge, END_EXITPOLICY, &none);
    } else {
        edge->is_resolving = true;
        m->port->edge_resolve(m->port, edge->id, edge->circuit.half, &query);
    }
}

void manager_edge_ask(struct manager *m, struct edge *edge, const struct name_query *query) {
    edge->is_resolve = edge->is_resolving = true;
    m->port->edge_resolve(m->port, edge->id, edge->circuit.half, query);
}

void manager_edge_resolved(struct manager *m, nsec now, edge_id id, const struct name_answer *answer) {
    (void)now;
    struct edge *edge = slot_map_get(&m->edges, id);
    CHECK(answer->count <= NAME_ANSWERS_MAX);
    if (!edge || !edge->is_resolving)
        return;
    edge->is_resolving = false;
    if (!edge->is_resolve) {
        connect_or_refuse(m, edge, answer);
        return;
    }
    struct control *message = manager_edge_tell(m, edge, CONTROL_EDGE_RESOLVED);
    if (message)
        message->u.answer = *answer;
    else
        manager_edge_tell_failed(m, edge, END_RESOURCELIMIT);
    manager_edge_close(m, edge, END_DONE);
}
