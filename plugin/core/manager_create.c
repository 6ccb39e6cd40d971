/* CREATE2 and CREATE_FAST: we become a hop of a circuit (tor-spec 5.1). */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"
#include "crypt/create_fast.h"

/* tor-spec 5.1.1: whoever opened the TLS connection uses ids with the high bit set. */
static bool peer_may_use_id(const struct link *link, uint32_t circ_id) {
    bool high = circ_id & CIRC_ID_HIGH_BIT;
    return high == !link->is_initiator;
}

static enum err job_of_create2(struct span body, struct job *out) {
    struct create2_message create;
    enum err e = create2_decode(body, &create);
    if (e)
        return e;
    if (create.type == HANDSHAKE_NTOR && create.data.length == NTOR_ONIONSKIN_LEN)
        out->kind = JOB_NTOR_ANSWER;
    else if (create.type == HANDSHAKE_NTOR_V3 && create.data.length >= NTOR_V3_ONIONSKIN_LEN)
        out->kind = JOB_NTOR_V3_ANSWER;
    else
        return ERR_UNSUPPORTED;
    out->data_length = (uint16_t)create.data.length;
    memcpy(out->data, create.data.data, create.data.length);
    return ERR_OK;
}

/* tor-spec 5.1.5: only clients, who may not know our onion key, and whose link with us is all that protects the first hop. */
static enum err job_of_create_fast(const struct link *link, const struct cell_view *cell, struct job *out) {
    if (link->peer.is_authenticated || cell->length < CREATE_FAST_LEN)
        return ERR_PROTOCOL;
    out->kind = JOB_FAST_ANSWER;
    out->data_length = CREATE_FAST_LEN;
    memcpy(out->data, cell->body, CREATE_FAST_LEN);
    return ERR_OK;
}

static enum err job_of(const struct link *link, const struct cell_view *cell, struct job *out) {
    if (!peer_may_use_id(link, cell->circ_id))
        return ERR_PROTOCOL;
    if (cell->command == CELL_CREATE2)
        return job_of_create2((struct span){cell->body, cell->length}, out);
    if (cell->command == CELL_CREATE_FAST)
        return job_of_create_fast(link, cell, out);
    return ERR_UNSUPPORTED;
}

static enum handshake_type type_of(enum job_kind kind) {
    switch (kind) {
    case JOB_NTOR_ANSWER: return HANDSHAKE_NTOR;
    case JOB_NTOR_V3_ANSWER: return HANDSHAKE_NTOR_V3;
    case JOB_FAST_ANSWER: return HANDSHAKE_FAST;
    case JOB_INTRO_PROOF: break;
    }
    return HANDSHAKE_NTOR;
}

/* Have the answer worked out: by the CPU workers, unless that costs more than the answer. */
static void start(struct manager *m, nsec now, const struct job *job) {
    struct job_result result;
    if (job->kind != JOB_FAST_ANSWER) {
        m->port->offload(m->port, job);
        return;
    }
    job_run(job, m->crypt, NULL, &result, &m->work);
    manager_job_done(m, now, &result);
    crypt_wipe(&result, sizeof result);
}

static uint8_t offered_increment(const struct manager *m) {
    const struct congestion_params *p = &m->params.congestion;
    return p->algorithm == CONGESTION_VEGAS ? (uint8_t)p->sendme_inc : 0;
}

/* C tor takes a circuit on a link that another has dialled as the proof that our address can be reached. */
static void note_reached(struct manager *m, const struct link *link) {
    const struct address *peer = &link->address.address;
    m->is_reached_over_ipv6 |= peer->family == ADDRESS_IPV6 && !link->is_initiator &&
                               link->peer.is_authenticated &&
                               (m->config->allow_private_addresses || !address_is_internal(peer));
}

bool manager_is_reached_over_ipv6(const struct manager *m) {
    return m->is_reached_over_ipv6;
}

void manager_circuit_create(struct manager *m, nsec now, struct link *link, const struct cell_view *cell) {
    if (cell->circ_id == 0)
        return; /* not even to be refused: 0 is the link itself (C tor ignores it too) */
    struct half *known = table_get(&link->circuits, cell->circ_id);
    if (known) {
        manager_half_fail(m, now, known, DESTROY_PROTOCOL);
        return;
    }
    struct job job = {.offer = {.sendme_inc = offered_increment(m), .has_cgo = true}};
    if (job_of(link, cell, &job)) {
        manager_queue_destroy(m, now, link, cell->circ_id, DESTROY_PROTOCOL);
        return;
    }
    if (m->hibernation != HIBERNATION_NONE) {
        manager_queue_destroy(m, now, link, cell->circ_id, DESTROY_HIBERNATING);
        return;
    }
    manager_trace(m, TRACE_CIRCUIT_CREATE, link, cell->circ_id, 0, 0, type_of(job.kind));
    struct half *half =
        manager_client_may_create(m, now, link) && link->circuits.count < m->config->circuits_max_per_link
            ? manager_half_new(m, now, link, cell->circ_id, true)
            : NULL;
    if (!half) {
        manager_queue_destroy(m, now, link, cell->circ_id, DESTROY_RESOURCELIMIT);
        return;
    }
    half->state = HALF_HANDSHAKING;
    if (!manager_deadline_set(m, half, now + HANDSHAKE_TIMEOUT)) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    job.half = half->id;
    note_reached(m, link);
    start(m, now, &job);
}

static enum destroy_reason reason_of(enum err e) {
    return e == ERR_LIMIT ? DESTROY_RESOURCELIMIT : DESTROY_PROTOCOL;
}

static void fill_answer(const struct job_result *result, struct cell *cell) {
    struct bytes_out body = bytes_out(cell->body, CELL_BODY_LEN);
    memset(cell->body, 0, CELL_BODY_LEN);
    if (result->kind == JOB_FAST_ANSWER)
        bytes_put(&body, result->reply, result->reply_length);
    else
        created2_encode(&body, (struct span){result->reply, result->reply_length});
    CHECK(bytes_out_ok(&body));
    cell->command = result->kind == JOB_FAST_ANSWER ? CELL_CREATED_FAST : CELL_CREATED2;
    cell->length = CELL_BODY_LEN;
}

void manager_job_done(struct manager *m, nsec now, const struct job_result *result) {
    struct half *half = manager_half(m, result->half);
    if (!half)
        return;
    if (result->kind == JOB_INTRO_PROOF) {
        manager_onion_proved(m, now, half, result);
        return;
    }
    CHECK(half->state == HALF_HANDSHAKING);
    manager_deadline_clear(m, half);
    enum err e = result->error;
    if (!e)
        e = circuit_half_set_keys(&half->circuit, &m->layers, &result->keys);
    struct cell *cell = e ? NULL : manager_cell(m, CELL_MUST);
    if (!cell) {
        manager_half_fail(m, now, half, e ? reason_of(e) : DESTROY_RESOURCELIMIT);
        return;
    }
    fill_answer(result, cell);
    circuit_half_queue_plain(&half->circuit, cell);
    half->state = HALF_OPEN;
    half->terms = result->terms;
    m->work.circuits_opened++;
    m->work.circuits_cgo += result->keys.forward.kind == LAYER_CGO;
    m->work.circuits_congestion_control += result->terms.sendme_inc != 0;
    manager_trace(m, TRACE_CIRCUIT_OPEN, half->link, half->circuit.circ_id, 0, 0, 0);
    manager_half_queued(m, now, half, 1);
}
