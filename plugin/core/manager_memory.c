/* Cells that run out: which circuits have to go.
 *
 * A manager whose pool is half full says so, and all begin to look at what their circuits hold, a part of them at a time.
 * When it is three quarters full it asks the controller for cells. The controller asks all, for its cells may wait on any
 * thread, how much of them waits and for how long; it says who has to go, and each closes its own. Up to there the way of a
 * cell costs nothing of this but a count of what each circuit has sent. */
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

/* The next half that is a circuit's; a set holds what is bounded elsewhere. */
static struct half *next_circuit(struct manager *m, uint32_t *cursor) {
    struct half *half;
    while ((half = slot_map_next(&m->halves, cursor)) != NULL && half->set)
        continue;
    return half;
}

static void look(struct manager *m, nsec now) {
    for (uint32_t effort = 0; effort < LOOK_EFFORT; effort++) {
        struct half *half = next_circuit(m, &m->memory_cursor);
        if (!half) {
            m->memory_cursor = 0;
            return;
        }
        effort += half->exit ? half->exit->streams.capacity / STREAMS_OF_AN_EFFORT : 0;
        hoard_see(&half->hoard, now, m->watching_since, half->circuit.cells_sent,
                  half->circuit.queue.count + all_chunks_held(half));
    }
}

static void count_ages(struct manager *m, nsec now, station_id home, struct hoard_ages *out) {
    uint32_t cursor = 0;
    struct half *half;
    *out = (struct hoard_ages){0};
    while ((half = next_circuit(m, &cursor)) != NULL)
        out->cells[hoard_class(&half->hoard, now, m->watching_since)] += cells_held(half, home);
}

static void close_hoards(struct manager *m, nsec now, station_id home, const struct hoard_verdict *verdict) {
    uint32_t cursor = 0, of_class = 0;
    struct half *half;
    while ((half = next_circuit(m, &cursor)) != NULL) {
        uint32_t held = cells_held(half, home);
        unsigned class = hoard_class(&half->hoard, now, m->watching_since);
        if (held == 0 || class < verdict->class || (class == verdict->class && of_class >= verdict->cells))
            continue;
        of_class += class == verdict->class ? held : 0;
        m->cells_reclaimed += held;
        manager_half_fail(m, now, half, DESTROY_RESOURCELIMIT);
    }
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
}

void manager_memory_tick(struct manager *m, nsec now) {
    if (now < m->memory_at)
        return;
    if (m->watching_since)
        look(m, now);
    review_pool(m, now);
    m->memory_at = m->watching_since || m->is_memory_short ? now + LOOK_INTERVAL : NSEC_NEVER;
}
