/* RELAY cells on their way through a manager: peeled, then handled here or passed on to the other half. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

#define AHEAD_CIRCUITS \
    16u /* whose memory is asked for together: about as many lines as can be on their way */

/* A recognized cell: hands over cell. The circuit may be closed afterwards. */
static void handle_message(struct manager *m, nsec now, struct half *half, struct cell *cell) {
    struct relay_message message;
    if (relay_message_decode(circuit_half_format(&half->circuit), cell->body, &message)) {
        manager_free_cell(m, cell);
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    manager_trace(m, TRACE_RELAY_IN, half->link, half->circuit.circ_id, message.command,
                  (uint32_t)message.data.length, message.stream);
    if (half_leg(half) && manager_leg_message(m, now, half, &message, cell))
        return;
    switch (message.command) {
    case RELAY_EXTEND2:
        manager_circuit_extend(m, now, half, message.data, cell->command == CELL_RELAY_EARLY);
        break;
    case RELAY_EXTEND:
        manager_half_fail(m, now, half, DESTROY_PROTOCOL); /* legacy, refused since 0.4.9 */
        break;
    case RELAY_TRUNCATE: manager_circuit_truncate(m, now, half, message.data); break;
    case RELAY_BEGIN:
    case RELAY_BEGIN_DIR:
    case RELAY_DATA:
    case RELAY_END:
    case RELAY_SENDME:
    case RELAY_XOFF:
    case RELAY_XON:
    case RELAY_RESOLVE: manager_stream_message(m, now, half, &message, cell); return;
    case RELAY_ESTABLISH_INTRO:
    case RELAY_INTRODUCE1:
    case RELAY_ESTABLISH_RENDEZVOUS:
    case RELAY_RENDEZVOUS1: manager_onion_message(m, now, half, &message); break;
    case RELAY_CONFLUX_LINK:
    case RELAY_CONFLUX_LINKED:
    case RELAY_CONFLUX_LINKED_ACK:
    case RELAY_CONFLUX_SWITCH: manager_conflux_message(m, now, half, &message); break;
    case RELAY_PADDING_NEGOTIATE: manager_circuit_padding_negotiated(m, now, half, message.data); break;
    default: break; /* DROP, and commands that we do not know */
    }
    manager_free_cell(m, cell);
}

/* Unrecognized cells go to the other half, on its thread. */
void manager_pass_on(struct manager *m, nsec now, struct half *half, struct cell_run *run) {
    if (cell_run_is_empty(run))
        return;
    if (!half->peer) {
        if (manager_onion_hold(m, now, half, run))
            return;
        manager_free_run(m, run);
        manager_half_fail(m, now, half, DESTROY_PROTOCOL); /* nobody behind us could recognize it */
        return;
    }
    if (object_station(half->peer) != m->station) {
        for (struct cell *cell = run->first; cell; cell = cell->next) {
            cell->serial = half->extend_serial;
            cell->to = half->peer;
        }
        mailroom_post_cells(m->room, m->station, object_station(half->peer), run, &m->work);
        return;
    }
    struct half *peer = manager_half(m, half->peer);
    if (peer && peer->peer == half->id) /* otherwise it has cut us off, and we shall hear of it */
        manager_half_deliver(m, now, peer, run);
    else if (manager_pass_parked(m, now, half, run))
        return;
    manager_free_run(m, run);
}

/* Cells from the origin: peeled by now; in order, each is for us or goes on. */
static void sort_peeled(struct manager *m, nsec now, struct half *half, struct cell **cells, uint32_t n) {
    struct cell_run onwards = {0};
    half_id id = half->id;
    for (uint32_t i = 0; i < n; i++) {
        if (!half) {
            manager_free_cell(m, cells[i]);
        } else if (cells[i]->is_ours &&
                   circuit_half_recognizes(&half->circuit, m->crypt, cells[i], &m->work)) {
            manager_pass_on(m, now, half, &onwards);
            half = manager_half(m, id);
            if (half)
                handle_message(m, now, half, cells[i]);
            else
                manager_free_cell(m, cells[i]);
            half = manager_half(m, id);
        } else {
            cell_run_append(&onwards, cells[i]);
        }
    }
    if (half)
        manager_pass_on(m, now, half, &onwards);
    else
        manager_free_run(m, &onwards);
}

static bool take_cells(struct manager *m, struct cell **cells, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        cells[i] = manager_cell(m, CELL_MAY_FAIL);
        if (!cells[i]) {
            manager_release(m, cells, i);
            return false;
        }
    }
    return true;
}

/* tor-spec 5.6: at most 8 RELAY_EARLY away from the origin, none towards it. */
static bool relay_early_is_allowed(struct half *half) {
    if (!half->is_towards_origin || half->circuit.relay_early_left == 0)
        return false;
    half->circuit.relay_early_left--;
    return true;
}

/* --- circuits that are not in the cache ------------------------------------------------------------------------------ */

/* Step by step for all of them: while one's memory is on its way, the others' is asked for. */
static void fetch_circuits(struct manager *m, const struct link *link, const uint32_t *circ_ids, uint32_t n) {
    struct half *halves[AHEAD_CIRCUITS], *peers[AHEAD_CIRCUITS];
    for (uint32_t i = 0; i < n; i++)
        table_prefetch(&link->circuits, circ_ids[i]);
    for (uint32_t i = 0; i < n; i++) {
        halves[i] = table_get(&link->circuits, circ_ids[i]);
        __builtin_prefetch(halves[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!halves[i])
            continue;
        slot_map_prefetch(&m->halves, halves[i]->peer);
        circuit_half_prefetch_forward(&halves[i]->circuit, m->crypt);
    }
    for (uint32_t i = 0; i < n; i++) {
        peers[i] = halves[i] ? manager_half(m, halves[i]->peer) : NULL;
        if (!peers[i])
            continue;
        __builtin_prefetch(peers[i]);
        __builtin_prefetch(&peers[i]->sched);
    }
    for (uint32_t i = 0; i < n; i++)
        if (peers[i])
            circuit_half_prefetch_backward(&peers[i]->circuit, m->crypt);
}

uint32_t manager_circuits_prefetch(struct manager *m, const struct link *link, const struct cell_view *views,
                                   uint32_t n) {
    uint32_t circ_ids[AHEAD_CIRCUITS], circuits = 0, cells = 0;
    for (; cells < n; cells++) {
        if (circuits > 0 && views[cells].circ_id == circ_ids[circuits - 1])
            continue;
        if (circuits == AHEAD_CIRCUITS)
            break;
        circ_ids[circuits++] = views[cells].circ_id;
    }
    if (circuits > 1)
        fetch_circuits(m, link, circ_ids, circuits);
    return cells;
}

/* --- from a link ----------------------------------------------------------------------------------------------------- */

void manager_circuit_relay(struct manager *m, nsec now, struct link *link, const struct cell_view *views,
                           uint32_t n) {
    struct half *half = table_get(&link->circuits, views[0].circ_id);
    if (!half)
        return; /* closed a moment ago, or never there: harmless */
    bool ready = half->is_towards_origin ? circuit_half_has_keys(&half->circuit) : half->state == HALF_OPEN;
    if (!ready || (views[0].command == CELL_RELAY_EARLY && !relay_early_is_allowed(half))) {
        manager_half_fail(m, now, half, DESTROY_PROTOCOL);
        return;
    }
    struct cell *cells[HALF_RUN_MAX];
    if (!take_cells(m, cells, n)) {
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
        return;
    }
    if (m->last_half != half->id) {
        m->last_half = half->id;
        m->work.circuit_switches++;
    }
    circuit_half_receive(&half->circuit, m->crypt, views, cells, n, &m->work);
    activity_note(&m->halves_active, now, &half->active);
    if (half->is_towards_origin) {
        if (half->peer)
            manager_link_used(m, now, link,
                              views[0].command == CELL_RELAY ? LINK_HAS_TRAFFIC : LINK_HAS_CIRCUITS);
        sort_peeled(m, now, half, cells, n);
        return;
    }
    struct cell_run run = {0};
    for (uint32_t i = 0; i < n; i++)
        cell_run_append(&run, cells[i]);
    manager_pass_on(m, now, half, &run);
}
