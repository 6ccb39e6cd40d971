/* Hibernation: new circuits and streams are refused where they are asked for; here links are closed, when they are no longer used,
 * or at once. */
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"
#include "core/manager_state.h"

/* Between two looks at all links, as in tor. It is also how long a new link has for its first circuit. */
#define LOOK (1 * NSEC_PER_S)

static bool is_left(const struct link *link, nsec now) {
    return link->state == LINK_OPEN && !link->is_moving && link->first_half == HALF_NONE &&
           link->queued == 0 && now - link->idle_since >= LOOK;
}

static void close_left_links(struct manager *m, nsec now) {
    uint32_t cursor = 0;
    const struct table_entry *entry;
    while ((entry = table_next(&m->links, &cursor)) != NULL)
        if (is_left(entry->value, now))
            manager_link_doom(m, now, entry->value); /* closes with this tick: not while we walk the table */
}

/* Also what a destination still had to be given. */
static void close_all(struct manager *m, nsec now) {
    uint32_t cursor = 0;
    struct link *link;
    struct timer *t;
    while ((link = table_take(&m->links, &cursor)) != NULL)
        manager_link_close(m, now, link, ERR_LIMIT, true);
    while ((t = timers_take_due(&m->edge_timers, NSEC_NEVER)) != NULL)
        manager_edge_close(m, LIST_ENTRY(t, struct edge, linger), END_HIBERNATING);
}

void manager_hibernation_tick(struct manager *m, nsec now) {
    if (now < m->hibernation_look_at)
        return;
    m->hibernation_look_at = now + LOOK;
    if (m->hibernation == HIBERNATION_SOFT)
        close_left_links(m, now);
    else
        close_all(m, now);
}

void manager_hibernate(struct manager *m, nsec now, enum hibernation hibernation) {
    m->hibernation = hibernation;
    m->hibernation_look_at = NSEC_NEVER;
    if (hibernation == HIBERNATION_NONE)
        return;
    m->hibernation_look_at = now;
    manager_hibernation_tick(m, now);
}
