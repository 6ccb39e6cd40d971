/* How busy the thread is, and which of its links make it so. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"

#define QUIET_PART       64u              /* less than one part in so many is nothing to do */
#define LINKS_WINDOW_MIN (NSEC_PER_S / 2) /* that the loads of links are measured over */
#define LINKS_WINDOW_MAX (10 * NSEC_PER_S)

/* The main thread's manager has no links to move, and a single thread nobody to move them to. */
void manager_load_init(struct manager *m, nsec now) {
    bool is_asked =
        m->config->balancing != BALANCE_ROUND_ROBIN && m->station > 0 && m->config->connection_threads > 1;
    m->load = (struct load_reports){
        .due_at = is_asked ? now : NSEC_NEVER,
        .noted_at = now,
        .told_at = now,
        .seen_at = now,
        .seen_noted_at = now,
        .is_quiet = true,
    };
}

nsec manager_load_due(const struct manager *m) {
    return m->load.due_at;
}

static void note_told(struct load_reports *load, nsec now, nsec busy, bool is_quiet) {
    load->told = busy;
    load->told_at = now;
    load->is_quiet = is_quiet;
}

/* Who has said that there is nothing to do says no more until there is; the little that there was is forgotten. Without
 * memory it is said later. */
void manager_note_busy(struct manager *m, nsec now, nsec busy) {
    struct load_reports *load = &m->load;
    CHECK(now >= load->noted_at && busy >= load->noted);
    if (load->due_at > now)
        return;
    load->due_at = now + BALANCE_REPORT_INTERVAL;
    load->noted_at = now;
    load->noted = busy;
    nsec span = now - load->told_at;
    bool is_quiet = busy - load->told < span / QUIET_PART;
    if (is_quiet && load->is_quiet)
        note_told(load, now, busy, true);
    if (load->told_at == now)
        return;
    struct control *message = manager_post(m, m->controller, 0, CONTROL_LOAD_REPORT);
    if (!message)
        return;
    message->u.busy = (struct control_busy){.busy = busy - load->told, .span = span};
    note_told(load, now, busy, is_quiet);
}

/* --- links ------------------------------------------------------------------------------------------------------------- */

/* All cells of the links since they were last looked at. */
static uint64_t cells_of_links(struct manager *m) {
    uint64_t sum = 0;
    uint32_t cursor = 0;
    struct table_entry *entry;
    while ((entry = table_next(&m->links, &cursor)) != NULL) {
        const struct link *link = entry->value;
        sum += link->cells_passed - link->cells_seen;
    }
    return sum;
}

/* Keep the best, the best first. Equal ones are told apart by their names: nothing may depend on the order of the walk. */
static void keep_best(struct link_loads *loads, uint32_t gap, struct link_load candidate) {
    uint32_t gain = balance_gain(gap, candidate.load);
    uint32_t at = loads->count;
    while (at > 0) {
        const struct link_load *before = &loads->links[at - 1];
        uint32_t theirs = balance_gain(gap, before->load);
        if (theirs > gain || (theirs == gain && before->link < candidate.link))
            break;
        if (at < LINK_LOADS_MAX)
            loads->links[at] = *before;
        at--;
    }
    if (at == LINK_LOADS_MAX)
        return;
    loads->links[at] = candidate;
    loads->count += loads->count < LINK_LOADS_MAX;
}

/* busy is the thread's own load meanwhile; a link has of it what it has of the cells. */
static void find_links(struct manager *m, uint32_t gap, uint32_t busy, struct link_loads *out) {
    uint64_t sum = cells_of_links(m);
    uint32_t cursor = 0;
    struct table_entry *entry;
    while ((entry = table_next(&m->links, &cursor)) != NULL) {
        struct link *link = entry->value;
        uint32_t cells = link->cells_passed - link->cells_seen;
        uint32_t load = sum == 0 ? 0 : (uint32_t)(cells * (uint64_t)busy / sum);
        link->cells_seen = link->cells_passed;
        if (link->state == LINK_OPEN && balance_gain(gap, load) > 0)
            keep_best(out, gap, (struct link_load){.link = link->id, .load = load});
    }
}

/* What share of a core we had work for since links were looked at last. */
static uint32_t busy_since_seen(const struct load_reports *load) {
    nsec span = load->noted_at - load->seen_noted_at, busy = load->noted - load->seen;
    return span == 0 ? 0 : busy < span ? (uint32_t)(busy * BALANCE_ONE / span) : BALANCE_ONE;
}

/* The first question after a while only begins to measure: it is answered with no link. */
void manager_ask_links(struct manager *m, nsec now, const struct control *question) {
    struct load_reports *load = &m->load;
    struct link_loads found = {.count = 0};
    nsec span = now - load->seen_at;
    find_links(m, question->count, busy_since_seen(load), &found);
    load->seen_at = now;
    load->seen_noted_at = load->noted_at;
    load->seen = load->noted;
    if (span < LINKS_WINDOW_MIN || span > LINKS_WINDOW_MAX)
        found.count = 0;
    struct control *answer = manager_post(m, m->controller, 0, CONTROL_LINK_LOADS);
    if (answer)
        answer->u.link_loads = found;
}
