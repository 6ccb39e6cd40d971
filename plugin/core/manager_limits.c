/* Bandwidth of single connections (PerConnBWRate, perconnbwrate): links of who is no relay of the consensus read and write
 * so many bytes a second, each for itself. A link at its limit is off the lists until a record may pass again. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"

#define RECORD_BYTES (CELLS_PER_RECORD * CELL_LEN)

struct link_limit {
    struct token_bucket out, in;
    struct timer timer; /* while one of both is held */
    struct link *link;
    bool is_out_held, is_in_held;
};

/* tor: what the operator says, else the consensus, else no limit. 0: none. */
static uint64_t rate_of(const struct manager *m) {
    return m->config->per_link_rate ? m->config->per_link_rate : (uint64_t)m->params.per_link_rate;
}

/* A burst holds a record: less could never be sent. */
static uint64_t burst_of(const struct manager *m) {
    uint64_t burst =
        m->config->per_link_burst ? m->config->per_link_burst : (uint64_t)m->params.per_link_burst;
    if (burst == 0)
        burst = m->config->bandwidth_burst;
    return burst < RECORD_BYTES ? RECORD_BYTES : burst;
}

/* --- holding back and letting go ------------------------------------------------------------------------------------------ */

static nsec ready_at(struct link_limit *limit, nsec now) {
    nsec out = limit->is_out_held ? token_bucket_ready_at(&limit->out, now, RECORD_BYTES) : NSEC_NEVER;
    nsec in = limit->is_in_held ? token_bucket_ready_at(&limit->in, now, RECORD_BYTES) : NSEC_NEVER;
    return nsec_min(out, in);
}

/* False without memory: then it is not held. */
static bool set_timer(struct manager *m, nsec now, struct link_limit *limit) {
    return timers_set(&m->limit_timers, &limit->timer, ready_at(limit, now)) == ERR_OK;
}

static void let_write(struct manager *m, struct link_limit *limit) {
    limit->is_out_held = false;
    manager_link_want_write(m, limit->link);
}

static void let_read(struct manager *m, struct link_limit *limit) {
    limit->is_in_held = false;
    if (manager_link_may_be_read(limit->link))
        m->port->want_read(m->port, limit->link->id, true);
}

void manager_limits_tick(struct manager *m, nsec now) {
    struct timer *t;
    while ((t = timers_take_due(&m->limit_timers, now)) != NULL) {
        struct link_limit *limit = LIST_ENTRY(t, struct link_limit, timer);
        if (limit->is_out_held && token_bucket_ready_at(&limit->out, now, RECORD_BYTES) <= now)
            let_write(m, limit);
        if (limit->is_in_held && token_bucket_ready_at(&limit->in, now, RECORD_BYTES) <= now)
            let_read(m, limit);
        if (ready_at(limit, now) != NSEC_NEVER && !set_timer(m, now, limit))
            CHECK(!"moving a timer needs no memory");
    }
}

bool manager_limit_holds_write(const struct link *link) {
    return link->limit->is_out_held;
}

bool manager_limit_holds_read(const struct link *link) {
    return link->limit->is_in_held;
}

uint32_t manager_limit_cells(struct link *link, nsec now, uint32_t wanted) {
    uint64_t allowed = token_bucket_available(&link->limit->out, now) / CELL_LEN;
    return allowed < wanted ? (uint32_t)allowed : wanted;
}

bool manager_limit_granted(struct manager *m, nsec now, struct link *link, uint32_t cells) {
    struct link_limit *limit = link->limit;
    token_bucket_take(&limit->out, now, (uint64_t)cells * CELL_LEN);
    if (cells > 0 || token_bucket_available(&limit->out, now) >= CELL_LEN)
        return false;
    limit->is_out_held = true;
    limit->is_out_held = set_timer(m, now, limit);
    return limit->is_out_held;
}

void manager_limit_received(struct manager *m, nsec now, struct link *link, size_t bytes) {
    struct link_limit *limit = link->limit;
    token_bucket_take(&limit->in, now, bytes);
    if (limit->is_in_held || token_bucket_available(&limit->in, now) > 0)
        return;
    limit->is_in_held = true;
    limit->is_in_held = set_timer(m, now, limit);
    if (limit->is_in_held)
        m->port->want_read(m->port, link->id, false);
}

/* --- which links have one ------------------------------------------------------------------------------------------------- */

/* Without memory it has none. */
static void begin(struct manager *m, nsec now, struct link *link) {
    struct link_limit *limit = memory_allocate(m->memory, sizeof *limit);
    if (!limit)
        return;
    limit->link = link;
    token_bucket_init(&limit->out, now, rate_of(m), burst_of(m));
    token_bucket_init(&limit->in, now, rate_of(m), burst_of(m));
    link->limit = limit;
}

void manager_limit_end(struct manager *m, struct link *link) {
    if (!link->limit)
        return;
    timers_clear(&m->limit_timers, &link->limit->timer);
    memory_release(m->memory, link->limit, sizeof *link->limit);
    link->limit = NULL;
}

static void lift(struct manager *m, struct link *link) {
    struct link_limit held = *link->limit;
    manager_limit_end(m, link);
    if (held.is_in_held && manager_link_may_be_read(link))
        m->port->want_read(m->port, link->id, true);
    if (held.is_out_held)
        manager_link_want_write(m, link);
}

void manager_limit_settle(struct manager *m, nsec now, struct link *link) {
    bool is_limited = rate_of(m) > 0 && !manager_knows_relay(m, link);
    if (link->state != LINK_OPEN)
        return;
    if (link->limit &&
        (!is_limited || link->limit->out.rate != rate_of(m) || link->limit->out.burst != burst_of(m)))
        lift(m, link);
    if (is_limited && !link->limit)
        begin(m, now, link);
}

void manager_limits_settle(struct manager *m, nsec now) {
    uint32_t cursor = 0;
    const struct table_entry *entry;
    while ((entry = table_next(&m->links, &cursor)) != NULL)
        manager_limit_settle(m, now, entry->value);
}
