/* results_source - what one run of one arm measured, with the plan that it ran: what results are made from. */
#ifndef LOOM_SIM_RESULTS_SOURCE_H
#define LOOM_SIM_RESULTS_SOURCE_H

#include "sim/scenario_plan.h"
#include "sim/sim_measure.h"
#include "sim/sim_watch.h"

struct results_source {
    const struct plan *plan;
    const struct sim_relay_measure *relays;   /* one for each of the plan's */
    const struct sim_client_measure *clients; /* one for each of the plan's */
    struct sim_totals totals;
    const struct sim_sights *servers; /* what each of the plan's saw; NULL: nothing was observed */
    const struct sim_sights *probes;  /* what came of those of each of the plan's clients */
};

/* Was transfer one of a measured client, and decided on in the measured time? */
static inline bool results_is_measured(const struct results_source *source,
                                       const struct sim_transfer *transfer) {
    const struct plan *plan = source->plan;
    const struct scenario_clients *groups = plan->inputs->scenario.traffic.clients.items;
    return groups[plan->client_group[transfer->client]].is_measured &&
           transfer->started >= plan->config.measure_from;
}

/* The first sample that began in the measured time. */
static inline uint32_t results_first_sample(const struct plan *plan) {
    return (uint32_t)((plan->config.measure_from + plan->config.sample_interval - 1) /
                      plan->config.sample_interval);
}

static inline bool results_is_cpu_bound(const struct plan *plan, const struct sim_sample *sample) {
    return sample->busy_most * 100 >=
           plan->config.sample_interval * plan->inputs->scenario.outputs.cpu_bound_percent;
}

#endif
