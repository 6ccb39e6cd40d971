#include "native/pacing.h"

#include "core/connection_manager.h"
#include "native/turn_clock.h"

static struct work take_work(struct pacer *pacer) {
    struct work sum = *manager_work(pacer->manager), delta;
    if (pacer->more != NULL)
        work_add(&sum, pacer->more);
    work_since(&delta, &sum, &pacer->settled);
    pacer->settled = sum;
    return delta;
}

/* Not by the turn's time: a turn that waits has none before it has waited. */
static struct working_set working_set_of(const struct pacer *pacer) {
    return manager_working_set(pacer->manager, turn_clock_read(pacer->clock));
}

/* No time passes between the end of a wait and what is paid for first. */
static void end_wait(struct pacer *pacer) {
    nsec since = pacer->waits_since;
    pacer->waits_since = NSEC_NEVER;
    if (since != NSEC_NEVER)
        pacer->pacing->woken(pacer->pacing, pacer->thread, since);
}

void pacer_pay(struct pacer *pacer) {
    const struct work work = take_work(pacer);
    const struct working_set set = working_set_of(pacer);
    end_wait(pacer);
    pacer->pacing->charge(pacer->pacing, pacer->thread, &work, &set);
}

nsec pacer_wait(struct pacer *pacer) {
    if (pacer->pacing == NULL)
        return 0;
    const struct work work = take_work(pacer);
    const struct working_set set = working_set_of(pacer);
    nsec now = monotonic_read(), done = pacer->pacing->queue(pacer->pacing, pacer->thread, &work, &set);
    pacer->waits_since = nsec_max(done, now);
    return pacer->waits_since - now;
}
