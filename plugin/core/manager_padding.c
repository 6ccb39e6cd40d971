/* Padding: of links that idle, and of circuits that are set up for onion services. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"
#include "wire/padding_messages.h"

/* --- links ---------------------------------------------------------------------------------------------------------- */

static bool is_client(const struct manager *m, const struct link *link) {
    if (!link->peer.is_authenticated)
        return true;
    return m->consensus && !consensus_view_find(m->consensus, link->peer.identity.rsa_id);
}

/* Set the timer for a link that has been idle since then; when it is not to be padded, clear it. */
static void wait_idle(struct manager *m, nsec now, struct link *link, nsec since) {
    nsec pause = 0;
    if (m->config->pads_links && link->peer.version >= 5 && link->state == LINK_OPEN &&
        link_padding_applies(&link->padding, is_client(m, link), &m->params))
        pause = link_padding_pause(&link->padding, &m->params, &m->padding_rng);
    link->padded_since = since;
    timers_clear(&m->padding_timers, &link->padding_timer);
    if (pause && timers_set(&m->padding_timers, &link->padding_timer, nsec_max(now, since + pause)) != ERR_OK)
        return; /* no memory: not padded until it is used again */
}

void manager_link_used(struct manager *m, nsec now, struct link *link, enum link_use use) {
    if (use > link->padding.use)
        link->padding.use = (uint8_t)use;
    if (!timer_is_set(&link->padding_timer))
        wait_idle(m, now, link, now);
}

/* What makes no sense is dropped, as tor does. */
void manager_link_padding_negotiated(struct manager *m, nsec now, struct link *link,
                                     const struct cell_view *cell) {
    struct padding_negotiate_message message;
    if (link->peer.version < 5 || padding_negotiate_decode((struct span){cell->body, cell->length}, &message))
        return;
    link_padding_negotiate(&link->padding, &message);
    wait_idle(m, now, link, now);
}

static void send_link_padding(struct manager *m, struct link *link) {
    struct cell *cell = manager_cell(m, CELL_MAY_FAIL);
    if (!cell)
        return; /* whoever has no cells left is not idle */
    cell->kind = CELL_KIND_CELL;
    cell->command = CELL_PADDING;
    cell->circ_id = 0;
    cell->length = CELL_BODY_LEN;
    memset(cell->body, 0, CELL_BODY_LEN);
    cell_run_append(&link->urgent, cell);
    manager_link_queued(m, link, 1);
    m->work.padding_sent++;
    manager_link_want_write(m, link);
}

static void link_is_idle(struct manager *m, nsec now, struct link *link) {
    if (link->queued) {
        wait_idle(m, now, link, now);
        return;
    }
    if (link->sent_at > link->padded_since) { /* the pause is counted from the last cell */
        wait_idle(m, now, link, link->sent_at);
        return;
    }
    send_link_padding(m, link);
    wait_idle(m, now, link, now);
}

/* --- circuits ------------------------------------------------------------------------------------------------------- */

static bool is_machine_allowed(const struct manager *m, const struct half *half) {
    const struct consensus_params *p = &m->params;
    if (p->circpad_padding_disabled || half->circuit.queue.count > (uint32_t)p->circpad_max_circ_queued_cells)
        return false;
    uint64_t sent = m->work.padding_sent;
    return p->circpad_global_max_padding_pct == 0 || sent < (uint64_t)p->circpad_global_allowed_cells ||
           100 * sent <= (uint64_t)p->circpad_global_max_padding_pct * (m->work.cells_sent + 1);
}

static void padding_free(struct manager *m, struct half *half) {
    timers_clear(&m->circuit_padding_timers, &half->rare->padding->timer);
    slab_put(&m->paddings_slab, half->rare->padding);
    half->rare->padding = NULL;
    half->is_padded = false;
    manager_half_rare_trim(m, half);
}

void manager_circuit_padding_stop(struct manager *m, struct half *half) {
    if (half->is_padded)
        padding_free(m, half);
}

/* A machine that cannot have its timer is as good as one that is not allowed to pad. */
void manager_circuit_padding_wait(struct manager *m, nsec now, struct half *half) {
    struct circuit_padding *padding = half->rare->padding;
    if (padding->left && !m->params.circpad_padding_disabled &&
        timers_set(&m->circuit_padding_timers, &padding->timer,
                   now + circuit_padding_pause(padding, &m->padding_rng)) != ERR_OK)
        padding->left = 0;
}

/* False when the circuit had to be closed. */
static bool answer(struct manager *m, nsec now, struct half *half, uint8_t command, bool is_ok,
                   uint8_t machine, uint32_t counter) {
    uint8_t room[PADDING_NEGOTIATED_LEN];
    struct bytes_out body = bytes_out(room, sizeof room);
    const struct padding_negotiated_message message = {command, is_ok, machine, counter};
    padding_negotiated_encode(&body, &message);
    return manager_half_originate(m, now, half, RELAY_PADDING_NEGOTIATED, 0,
                                  (struct span){room, sizeof room});
}

static bool start_machine(struct manager *m, struct half *half,
                          const struct circuit_padding_message *message) {
    if (half->is_padded)
        return false; /* one at a time */
    struct half_rare *rare = manager_half_rare(m, half);
    struct circuit_padding *padding = rare ? slab_take(&m->paddings_slab) : NULL;
    if (!padding) {
        manager_half_rare_trim(m, half);
        return false;
    }
    if (circuit_padding_start(padding, message->machine, message->counter, &m->padding_rng)) {
        padding->half = half;
        rare->padding = padding;
        half->is_padded = true;
        return true;
    }
    slab_put(&m->paddings_slab, padding);
    manager_half_rare_trim(m, half);
    return false;
}

void manager_circuit_padding_negotiated(struct manager *m, nsec now, struct half *half, struct span data) {
    struct circuit_padding_message message;
    half_id id = half->id;
    if (circuit_padding_decode(data, &message))
        return; /* as tor */
    bool is_ok = true;
    if (message.command == CIRCUIT_PADDING_START) {
        is_ok = start_machine(m, half, &message);
    } else {
        const struct circuit_padding *padding = half_padding(half);
        if (!padding || padding->machine != message.machine || padding->counter != message.counter)
            return; /* of a machine that has ended: nobody waits for an answer */
        padding_free(m, half);
    }
    if (answer(m, now, half, message.command, is_ok, message.machine, message.counter) &&
        (half = manager_half(m, id)) != NULL && half->is_padded && !timer_is_set(&half->rare->padding->timer))
        manager_circuit_padding_wait(m, now, half);
}

static void machine_is_due(struct manager *m, nsec now, struct circuit_padding *padding) {
    struct half *half = padding->half;
    half_id id = half->id;
    const uint8_t machine = padding->machine;
    const uint32_t counter = padding->counter;
    if (is_machine_allowed(m, half)) {
        m->work.padding_sent++;
        if (!manager_half_originate(m, now, half, RELAY_DROP, 0, (struct span){NULL, 0}) ||
            !manager_half(m, id))
            return;
    }
    if (!circuit_padding_sent(padding)) {
        manager_circuit_padding_wait(m, now, half);
        return;
    }
    padding_free(m, half);
    if (!answer(m, now, half, CIRCUIT_PADDING_STOP, true, machine, counter))
        return; /* the circuit is closed */
}

/* --- time ------------------------------------------------------------------------------------------------------------- */

void manager_padding_tick(struct manager *m, nsec now) {
    struct timer *t;
    while ((t = timers_take_due(&m->padding_timers, now)) != NULL)
        link_is_idle(m, now, LIST_ENTRY(t, struct link, padding_timer));
    while ((t = timers_take_due(&m->circuit_padding_timers, now)) != NULL)
        machine_is_due(m, now, LIST_ENTRY(t, struct circuit_padding, timer));
}
