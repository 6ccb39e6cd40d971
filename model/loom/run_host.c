#include <sys/utsname.h>

#include "loom/run.h"

#define GIB        1073741824.0
#define ONE_HOUR   3600.0
#define ONE_MINUTE 60.0

static json_t *host_json(const struct run_arm *arm, const struct sim_totals *totals) {
    const struct run_cost *cost = &arm->cost;
    struct utsname host;
    double cpu_s = cost->cpu_s > 0 ? cost->cpu_s : 1e-9;
    if (uname(&host) != 0)
        return NULL;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:f, s:f}", "prices",
                     plan_note(arm->plan->inputs), "simulated", arm->plan->arm->name, "compiler", __VERSION__,
                     "system", host.release, "machine", host.machine, "threads",
                     (json_int_t)arm->shape.threads, "runs_at_once", (json_int_t)arm->shape.at_once,
                     "simulated_s", (double)totals->time / 1e9, "wall_s", cost->wall_s, "cpu_s", cost->cpu_s,
                     "rss_bytes_max", (json_int_t)cost->rss_bytes_max, "events", (json_int_t)totals->events,
                     "events_per_core_second", (double)totals->events / cpu_s, "cells_per_core_second",
                     (double)totals->cells_relayed / cpu_s);
}

/* The form of tornettools; it has memory by minute, we have its maximum. */
static json_t *resource_usage_json(const struct plan *plan, const struct run_cost *cost) {
    char human[32], second[32];
    double gib = (double)cost->rss_bytes_max / GIB;
    unsigned wall = (unsigned)cost->wall_s;
    snprintf(human, sizeof(human), "%u:%02u:%02u", wall / 3600, wall / 60 % 60, wall % 60);
    snprintf(second, sizeof(second), "%.1f", (double)plan->config.end / 1e9);
    return json_pack("{s:{s:I, s:f, s:{s:f}}, s:{s:f, s:s, s:f, s:{s:f}, s:f}}", "ram", "bytes_used_max",
                     (json_int_t)cost->rss_bytes_max, "gib_used_max", gib, "gib_used_per_minute", "0", gib,
                     "run_time", "hours", cost->wall_s / ONE_HOUR, "human", human, "minutes",
                     cost->wall_s / ONE_MINUTE, "real_seconds_per_sim_second", second, cost->wall_s,
                     "seconds", cost->wall_s);
}

bool run_write_host(struct results_folder *folder, const struct run_arm *arm, const struct plan *plan,
                    const struct sim_totals *totals, struct mistake *mistake) {
    return results_folder_put_json(folder, "host.json", host_json(arm, totals), false, mistake) &&
           results_folder_put_json(folder, "tornet.plot.data/resource_usage.json",
                                   resource_usage_json(plan, &arm->cost), false, mistake);
}
