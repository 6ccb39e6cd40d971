/* Halves that wait for an answer, from a worker or from the next relay, do not wait for ever. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"

bool manager_deadline_set(struct manager *m, struct half *half, nsec at) {
    struct half_rare *rare = manager_half_rare(m, half);
    if (!rare)
        return false;
    CHECK(!timer_is_set(&rare->deadline));
    return timers_set(&m->half_timers, &rare->deadline, at) == ERR_OK;
}

void manager_deadline_clear(struct manager *m, struct half *half) {
    if (!half->rare)
        return;
    timers_clear(&m->half_timers, &half->rare->deadline);
    manager_half_rare_trim(m, half);
}

/* Whoever it was that did not answer, our other half, if there is one, hears that it is over. */
void manager_deadlines_tick(struct manager *m, nsec now) {
    struct timer *t;
    while ((t = timers_take_due(&m->half_timers, now)) != NULL)
        manager_half_fail(m, now, LIST_ENTRY(t, struct half_rare, deadline)->half, DESTROY_TIMEOUT);
}
