/* What the links of a manager write: who waits, who may, and which cells it takes. */
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

bool manager_claims_reserve(struct manager *m, uint32_t n) {
    if (n <= m->claims_room)
        return true;
    uint32_t room = m->claims_room ? m->claims_room : 64;
    while (room < n)
        room *= 2;
    struct sched_claim *claims = memory_allocate(m->memory, room * sizeof *claims);
    if (!claims)
        return false;
    memory_release(m->memory, m->claims, m->claims_room * sizeof *m->claims);
    m->claims = claims;
    m->claims_room = room;
    return true;
}

void manager_link_set_waiting(struct manager *m, struct link *link, bool wants, bool held) {
    m->links_wanting -= link->wants_write;
    m->links_held -= link->wants_write && link->is_held;
    link->wants_write = wants;
    link->is_held = held;
    m->links_wanting += wants;
    m->links_held += wants && held;
}

void manager_link_want_write(struct manager *m, struct link *link) {
    if (link->wants_write || link->queued == 0 || (link->limit && manager_limit_holds_write(link)))
        return;
    manager_link_set_waiting(m, link, true, link->is_held);
    m->port->want_write(m->port, link->id);
}

/* Tell the controller what we have sent, and what we could send if we were lent more. Without memory it waits for the next
 * run. */
static void report_bandwidth(struct manager *m, uint64_t wanted) {
    struct bandwidth_report report;
    if (!bandwidth_share_must_report(&m->bandwidth, wanted, &report))
        return;
    struct control *message = manager_post(m, m->controller, 0, CONTROL_BANDWIDTH_REPORT);
    if (!message)
        return;
    message->u.bandwidth =
        (struct control_bandwidth){.sent = report.sent, .returned = report.returned, .want = report.want};
    bandwidth_share_reported(&m->bandwidth, &report);
}

/* --- between the rounds --------------------------------------------------------------------------------------------- */

void manager_link_queued(struct manager *m, struct link *link, int64_t change) {
    link->queued += (uint32_t)change;
    m->queued += (uint64_t)change;
    CHECK(link->queued <= m->queued);
    if (change > 0 && link->queued >= LINK_RIPE && !link->is_held && !list_is_linked(&link->ripe))
        list_append(&m->ripe_links, &link->ripe);
}

/* What is held back, or has a limit, or a grant that it has not used up, waits for the round. */
static bool is_ripe(const struct link *link) {
    return link->queued >= LINK_RIPE && link->wants_write && !link->is_held && !link->granted && !link->limit;
}

link_id manager_next_ripe(struct manager *m) {
    struct list *node;
    while ((node = list_take_first(&m->ripe_links)) != NULL) {
        const struct link *link = LIST_ENTRY(node, struct link, ripe);
        if (is_ripe(link))
            return link->id;
    }
    return 0;
}

uint32_t manager_schedule_ripe(struct manager *m, nsec now, const struct tcp_facts *facts) {
    struct link *link = manager_link(m, facts->link);
    m->work.tcp_info_reads++;
    if (!link || !is_ripe(link) || kist_limit(facts) / CELL_LEN < link->queued ||
        bandwidth_share_available(&m->bandwidth, now) / CELL_LEN < m->queued)
        return 0;
    link->granted = link->queued;
    manager_link_set_waiting(m, link, false, false);
    bandwidth_share_send(&m->bandwidth, now, (uint64_t)link->granted * CELL_LEN);
    report_bandwidth(m, (m->queued - link->granted) * CELL_LEN);
    m->work.scheduler_runs++;
    return link->granted;
}

/* --- rounds --------------------------------------------------------------------------------------------------------- */

nsec manager_schedule_at(const struct manager *m) {
    if (m->links_wanting > m->links_held)
        return 0;
    return m->links_wanting ? m->held_until : NSEC_NEVER;
}

static bool is_urgent(const struct link *link) {
    return !cell_run_is_empty(&link->urgent) || link->destroys.count > 0;
}

static struct sched_claim claim_of(struct manager *m, nsec now, const struct tcp_facts *facts) {
    struct link *link = manager_link(m, facts->link);
    if (!link || !link->wants_write || (link->is_held && now < m->held_until))
        return (struct sched_claim){.quietest = UINT64_MAX};
    uint64_t tcp_allows = kist_limit(facts) / CELL_LEN;
    uint32_t want = tcp_allows < link->queued ? (uint32_t)tcp_allows : link->queued;
    if (link->limit)
        want = manager_limit_cells(link, now, want);
    return (struct sched_claim){
        .quietest = is_urgent(link) ? 0 : sched_quietest(&m->scheduler, now, &link->queue),
        .want = want,
    };
}

/* What TCP or the bandwidth did not allow now is not asked for again before the interval of KIST is over, so that it goes
 * in large pieces; everything else goes at once. */
static void plan_next_run(struct manager *m, nsec now) {
    if (m->held_until > now)
        return;
    m->held_until = now + nsec_max(LINK_HELD_MIN, (nsec)m->params.kist_run_interval_ms * NSEC_PER_MS);
    if (m->is_short)
        m->held_until = nsec_max(m->held_until,
                                 bandwidth_share_ready_at(&m->bandwidth, now, CELL_LEN * CELLS_PER_RECORD));
}

/* Links that wait for it go on at once, and then it is seen what is left over. */
void manager_bandwidth_lent(struct manager *m, nsec now, const struct control *message) {
    bandwidth_share_lend(&m->bandwidth, message->u.bandwidth.lent);
    if (m->is_short && m->held_until > now)
        m->held_until = now;
    if (m->links_wanting == 0)
        report_bandwidth(m, 0);
}

/* A link leaves the list with a grant, or when its circuits have gone since it asked. */
static struct grant settle_claim(struct manager *m, nsec now, link_id id, const struct sched_claim *claim) {
    struct link *link = manager_link(m, id);
    if (!link || !link->wants_write)
        return (struct grant){.link = id};
    bool is_at_limit = link->limit && manager_limit_granted(m, now, link, claim->granted);
    bool waits = link->queued && !claim->granted && !is_at_limit;
    if (claim->granted)
        link->granted = claim->granted;
    manager_link_set_waiting(m, link, waits, claim->granted < link->queued);
    return (struct grant){.link = id, .cells = claim->granted, .waits = waits};
}

uint32_t manager_schedule(struct manager *m, nsec now, const struct tcp_facts *links, uint32_t n,
                          struct grant *grants_out) {
    if (!manager_claims_reserve(m, n))
        n = m->claims_room;
    uint64_t total = bandwidth_share_available(&m->bandwidth, now) / CELL_LEN;
    for (uint32_t i = 0; i < n; i++)
        m->claims[i] = claim_of(m, now, &links[i]);
    sched_divide(m->claims, n, total, CELLS_PER_RECORD);
    uint64_t granted = 0, wanted = 0;
    for (uint32_t i = 0; i < n; i++) {
        wanted += m->claims[i].want;
        grants_out[i] = settle_claim(m, now, links[i].link, &m->claims[i]);
        granted += grants_out[i].cells;
    }
    bandwidth_share_send(&m->bandwidth, now, granted * CELL_LEN);
    report_bandwidth(m, (wanted - granted) * CELL_LEN);
    m->is_short = granted >= total;
    plan_next_run(m, now);
    m->work.scheduler_runs++;
    m->work.tcp_info_reads += n;
    return n;
}

/* Take up to max cells from the front of run, which is not empty; returns how many. */
static uint32_t take_front(struct manager *m, struct link *link, struct cell_run *run,
                           struct cell **cells_out, uint32_t max) {
    uint32_t n = run->count < max ? run->count : max;
    manager_trace(m, TRACE_CELLS_OUT, link, run->first->circ_id, run->first->command, n, 0);
    struct cell *cell = run->first;
    for (uint32_t i = 0; i < n; i++) {
        cells_out[i] = cell;
        cell = cell->next;
    }
    (void)cell_run_split_after(run, cells_out[n - 1], n);
    return n;
}

/* The first DESTROY that is owed. Without a cell for it the link ends: its peer would keep the circuit for ever. */
static uint32_t take_destroy(struct manager *m, nsec now, struct link *link, struct cell **cell_out) {
    struct destroy_owed owed;
    struct cell *cell = manager_cell(m, CELL_MUST);
    if (!cell) {
        manager_link_doom(m, now, link);
        return 0;
    }
    CHECK(destroy_queue_take(&link->destroys, m->memory, &owed));
    cell->kind = CELL_KIND_CELL;
    cell->command = CELL_DESTROY;
    cell->circ_id = owed.circ_id;
    cell->length = CELL_BODY_LEN;
    memset(cell->body, 0, CELL_BODY_LEN);
    cell->body[0] = owed.reason;
    manager_trace(m, TRACE_CELLS_OUT, link, cell->circ_id, cell->command, 1, 0);
    *cell_out = cell;
    return 1;
}

/* One run of the quietest circuit; 0 when no circuit has cells. */
static uint32_t take_run(struct manager *m, nsec now, struct link *link, struct cell **cells_out,
                         uint32_t max) {
    if (!cell_run_is_empty(&link->urgent))
        return take_front(m, link, &link->urgent, cells_out, 1);
    if (link->destroys.count > 0)
        return take_destroy(m, now, link, cells_out);
    uint32_t allowed;
    struct sched_entry *entry = sched_pick(&m->scheduler, now, &link->queue, max, &allowed);
    if (!entry)
        return 0;
    struct half *half = LIST_ENTRY(entry, struct half, sched);
    uint32_t count = take_front(m, link, &half->circuit.queue, cells_out, allowed);
    m->work.scheduler_picks++;
    half->circuit.cells_sent += count;
    if (cell_run_is_empty(&half->circuit.queue))
        sched_deactivate(&link->queue, entry);
    sched_charge(&m->scheduler, now, &link->queue, entry, count);
    manager_streams_taken(m, half);
    return count;
}

uint32_t manager_take(struct manager *m, nsec now, link_id id, struct cell **cells_out, uint32_t max) {
    struct link *link = manager_link(m, id);
    if (!link)
        return 0;
    uint32_t taken = 0;
    while (taken < max && link->granted) {
        uint32_t left = max - taken < link->granted ? max - taken : link->granted;
        uint32_t count = take_run(m, now, link, cells_out + taken, left);
        if (!count)
            link->granted = 0;
        taken += count;
        link->granted -= count;
        manager_link_queued(m, link, -(int64_t)count);
    }
    manager_streams_resume(m, now); /* they may have more for the link */
    if (!link->granted)
        manager_link_want_write(m, link);
    if (taken) {
        link->sent_at = now;
        activity_note(&m->links_active, now, &link->active);
        depth_note(&m->cells_depth, now, taken, m->cells.slab.taken);
    }
    m->work.cells_sent += taken;
    link->cells_passed += taken;
    m->work.bytes_sent += (uint64_t)taken * CELL_LEN;
    return taken;
}

void cell_serialize(const struct cell *cell, uint8_t out[static CELL_LEN]) {
    store_u32(out, cell->circ_id);
    out[4] = cell->command;
    cell_copy_body(out + CELL_HEADER_LEN, cell->body);
}
