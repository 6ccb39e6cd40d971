/* Halves that wait for an answer, from a worker or from the next relay, do not wait for ever. */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_state.h"

bool manager_deadline_set(struct manager *m, struct half *half, nsec at) {
    struct half_deadline *deadline = slab_take(&m->deadlines_slab);
    if (!deadline)
        return false;
    CHECK(!half->deadline);
    *deadline = (struct half_deadline){.half = half};
    half->deadline = deadline;
    return timers_set(&m->half_timers, &deadline->timer, at) == ERR_OK;
}

void manager_deadline_clear(struct manager *m, struct half *half) {
    if (!half->deadline)
        return;
    timers_clear(&m->half_timers, &half->deadline->timer);
    slab_put(&m->deadlines_slab, half->deadline);
    half->deadline = NULL;
}

/* Whoever it was that did not answer, our other half, if there is one, hears that it is over. */
void manager_deadlines_tick(struct manager *m, nsec now) {
    struct timer *t;
    while ((t = timers_take_due(&m->half_timers, now)) != NULL)
        manager_half_fail(m, now, LIST_ENTRY(t, struct half_deadline, timer)->half, DESTROY_TIMEOUT);
}
