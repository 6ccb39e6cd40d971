/* Cells that run out: which circuits have to go.
 *
 * A manager whose pool is half full says so, and all begin to look at what their circuits hold, a part of them at a time.
 * When it is three quarters full it asks the controller for cells. The controller asks all, for its cells may wait on any
 * thread, how much of them waits and for how long; it says who has to go, and each closes its own. That takes some turns of
 * other threads: if the pool is nearly out before they have taken them, nothing is read any more until cells have come home, so
 * that nobody loses a circuit because another fills the pool. Up to there the way of a cell costs nothing of this but a count
 * of what each circuit has sent. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

#define LOOK_INTERVAL        (20 * NSEC_PER_MS)
#define LOOK_EFFORT          8192u /* halves at a time, or parts of their streams: a millisecond or two */
#define STREAMS_OF_AN_EFFORT 8u    /* places of their table */
#define ASK_INTERVAL         (20 * NSEC_PER_MS) /* what is on its way home meanwhile is not asked for twice */
#define WATCH_ABOVE(n)       ((n) / 2)
#define CALM_BELOW(n)        ((n) / 8 * 3)
#define LOW_ABOVE(n)         ((n) / 4 * 3)
#define WANTED(n)            (LOW_ABOVE(n) / 10 * 9) /* tor: a tenth less, so that it is not soon as bad again */

static uint32_t cells_out(const struct manager *m) {
    return m->cells.slab.taken;
}

void manager_memory_init(struct manager *m) {
    m->memory_limit = WATCH_ABOVE(m->config->cells_max_per_manager);
    m->memory_at = NSEC_NEVER;
}

uint64_t manager_cells_reclaimed(const struct manager *m) {
    return m->cells_reclaimed;
}

/* --- our pool ------------------------------------------------------------------------------------------------------------ */

/* True when the controller has been told. */
static bool tell_alarm(struct manager *m, bool is_alarmed) {
    struct control *message = manager_post(m, m->controller, 0, CONTROL_MEMORY_ALARM);
    if (!message)
        return false;
    message->count = is_alarmed;
    m->is_memory_short = is_alarmed;
    return true;
}

static void ask_for_cells(struct manager *m, nsec now) {
    struct control *message = manager_post(m, m->controller, 0, CONTROL_MEMORY_LOW);
    if (!message)
        return;
    message->count = cells_out(m) - WANTED(m->config->cells_max_per_manager);
    m->memory_asked_at = now;
    m->memory_limit = UINT32_MAX;
}

void manager_memory_is_over_limit(struct manager *m, nsec now) {
    uint32_t most = m->config->cells_max_per_manager;
    manager_fetch_returned_cells(m);
    if (cells_out(m) > WATCH_ABOVE(most) && !m->is_memory_short && tell_alarm(m, true)) {
        m->memory_limit = LOW_ABOVE(most);
        m->memory_at = nsec_min(m->memory_at, now + LOOK_INTERVAL);
    }
    if (cells_out(m) > LOW_ABOVE(most) && m->is_memory_short)
        ask_for_cells(m, now);
}

static void review_pool(struct manager *m, nsec now) {
    uint32_t most = m->config->cells_max_per_manager;
    if (!m->is_memory_short)
        return;
    manager_fetch_returned_cells(m);
    mailroom_want_returned(m->room, m->station); /* what others free comes home without being waited for */
    if (m->memory_limit == UINT32_MAX && now - m->memory_asked_at >= ASK_INTERVAL)
        m->memory_limit = LOW_ABOVE(most);
    if (cells_out(m) < CALM_BELOW(most) && tell_alarm(m, false))
        m->memory_limit = WATCH_ABOVE(most);
}

void manager_memory_review(struct manager *m, nsec now) {
    if (manager_memory_may_be_tight(m))
        manager_fetch_returned_cells(m);
    bool is_tight = manager_memory_may_be_tight(m);
    if (is_tight) {
        mailroom_want_returned(m->room, m->station);
        m->memory_at = nsec_min(m->memory_at, now + LOOK_INTERVAL);
    }
    if (is_tight == m->is_memory_tight)
        return;
    m->is_memory_tight = is_tight;
    manager_edges_want_read(m, !is_tight);
    if (is_tight)
        manager_links_pause(m);
    else
        manager_links_resume(m);
}

/* --- what circuits hold -------------------------------------------------------------------------------------------------- */

/* Chunks of streams that wait for a window, of edges at a station. */
static uint32_t chunks_held(const struct half *half, station_id station) {
    uint32_t cursor = 0, sum = 0;
    const struct table_entry *entry;
    while (half->exit && (entry = table_next(&half->exit->streams, &cursor)) != NULL) {
        const struct stream *stream = entry->value;
        sum += stream->edge_station == station ? stream->to_origin.count : 0;
    }
    return sum;
}

static uint32_t all_chunks_held(const struct half *half) {
    uint32_t cursor = 0, sum = half->exit ? half->exit->undelivered : 0;
    const struct table_entry *entry;
    while (half->exit && (entry = table_next(&half->exit->streams, &cursor)) != NULL)
        sum += ((const struct stream *)entry->value)->to_origin.count;
    return sum;
}

/* Cells of the pool of home. What waits for a link came from the other half's, or from ours; what edges have not written,
 * from our link. */
static uint32_t cells_held(const struct half *half, station_id home) {
    station_id queue_home = object_station(half->peer ? half->peer : half->id);
    uint32_t undelivered = half->exit && object_station(half->id) == home ? half->exit->undelivered : 0;
    return (queue_home == home ? half->circuit.queue.count : 0) + chunks_held(half, home) + undelivered;
}

/* A set sends by its legs, and holds what its streams could not give them. */
static uint32_t cells_sent(const struct half *half) {
    return half->is_set ? (uint32_t)half->rare->set->legs.sent : half->circuit.cells_sent;
}

/* Without memory for it what the half holds counts as new. */
static void see(struct manager *m, nsec now, struct half *half) {
    uint32_t held = half->circuit.queue.count + all_chunks_held(half);
    struct half_rare *rare = held > 0 ? manager_half_rare(m, half) : half->rare;
    if (!rare)
        return;
    hoard_see(&rare->hoard, now, m->watching_since, cells_sent(half), held);
    manager_half_rare_trim(m, half);
}

static void look(struct manager *m, nsec now) {
    for (uint32_t effort = 0; effort < LOOK_EFFORT; effort++) {
        struct half *half = slot_map_next(&m->halves, &m->memory_cursor);
        if (!half) {
            m->memory_cursor = 0;
            return;
        }
        effort += half->exit ? half->exit->streams.capacity / STREAMS_OF_AN_EFFORT : 0;
        see(m, now, half);
    }
}

static unsigned class_of(const struct manager *m, nsec now, const struct half *half) {
    return half->rare ? hoard_class(&half->rare->hoard, now, m->watching_since) : 0;
}

/* Each is seen once more: what is old by the last look alone may have been sent since. */
static void count_ages(struct manager *m, nsec now, station_id home, struct hoard_ages *out) {
    uint32_t cursor = 0;
    struct half *half;
    *out = (struct hoard_ages){0};
    m->counted_at = now;
    while ((half = slot_map_next(&m->halves, &cursor)) != NULL) {
        see(m, now, half);
        out->cells[class_of(m, now, half)] += cells_held(half, home);
    }
}

/* Of class those that hold held_min and more, until so many cells are free; returns how many that are. The verdict comes late: ages are those that were counted, or it would hit who was young then. */
static uint32_t close_class(struct manager *m, nsec now, station_id home, unsigned class, uint32_t held_min,
                            uint32_t cells) {
    uint32_t cursor = 0, freed = 0;
    struct half *half;
    while (freed < cells && (half = slot_map_next(&m->halves, &cursor)) != NULL) {
        uint32_t held = cells_held(half, home);
        if (held < held_min || class_of(m, m->counted_at, half) != class)
            continue;
        freed += held;
        m->cells_reclaimed += held;
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    }
    return freed;
}

/* What is older than the verdict's class goes; of the class itself no more than what is missing, and first who holds much. */
static void close_hoards(struct manager *m, nsec now, station_id home, const struct hoard_verdict *verdict) {
    static const uint32_t held_min[] = {256, 16, 1};
    uint32_t cursor = 0, freed = 0;
    struct half *half;
    while ((half = slot_map_next(&m->halves, &cursor)) != NULL) {
        uint32_t held = cells_held(half, home);
        if (held == 0 || class_of(m, m->counted_at, half) <= verdict->class)
            continue;
        m->cells_reclaimed += held;
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    }
    for (unsigned i = 0; i < sizeof held_min / sizeof held_min[0] && freed < verdict->cells; i++)
        freed += close_class(m, now, home, verdict->class, held_min[i], verdict->cells - freed);
}

/* --- what the controller says ----------------------------------------------------------------------------------------- */

static void watch(struct manager *m, nsec now, bool begins) {
    m->watching_since = begins ? nsec_max(now, 1) : 0;
    m->memory_cursor = 0;
    if (begins)
        m->memory_at = now;
}

void manager_memory_control(struct manager *m, nsec now, struct control *message) {
    station_id home = (station_id)message->count;
    if (message->kind == CONTROL_MEMORY_WATCH) {
        watch(m, now, message->count != 0);
    } else if (message->kind == CONTROL_MEMORY_COUNT) {
        if (!m->watching_since)
            watch(m, now, true); /* there was no memory to say so before */
        count_ages(m, now, home, &message->u.hoards);
        manager_repost(m, message, m->controller, 0, CONTROL_MEMORY_COUNTED);
    } else {
        close_hoards(m, now, home, &message->u.hoard_verdict);
        if (home == m->station)
            manager_fetch_returned_cells(m);
    }
    if (m->is_memory_tight)
        manager_memory_review(m, now);
}

void manager_memory_tick(struct manager *m, nsec now) {
    if (now < m->memory_at)
        return;
    if (m->watching_since)
        look(m, now);
    review_pool(m, now);
    if (m->is_memory_tight)
        manager_memory_review(m, now);
    bool is_calm = !m->watching_since && !m->is_memory_short && !m->is_memory_tight;
    m->memory_at = is_calm ? NSEC_NEVER : now + LOOK_INTERVAL;
}
