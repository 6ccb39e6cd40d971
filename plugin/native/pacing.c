#include "native/pacing.h"

#include "core/connection_manager.h"
#include "native/turn_clock.h"

void pacer_pay(struct pacer *pacer) {
    struct work sum = *manager_work(pacer->manager), delta;
    const struct working_set set = manager_working_set(pacer->manager, turn_clock_now(pacer->clock));
    if (pacer->more != NULL)
        work_add(&sum, pacer->more);
    work_since(&delta, &sum, &pacer->settled);
    pacer->settled = sum;
    pacer->pacing->charge(pacer->pacing, pacer->thread, &delta, &set);
}
