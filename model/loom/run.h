/* run - the parts of `loom run`: one arm at a time, its progress, what the host did, and the table over all of them. */
#ifndef LOOM_LOOM_RUN_H
#define LOOM_LOOM_RUN_H

#include <stdio.h>

#include "sim/results.h"
#include "sim/sim_world.h"

struct run_options {
    const char *scenario;
    const char *network; /* a table of relays instead of the scenario's; or NULL */
    const char *out;     /* NULL: results/ and the scenario's name */
    uint64_t seed;       /* when has_seed: the only one */
    bool has_seed;
    uint32_t threads;
};

/* What the host did for one run. */
struct run_cost {
    double wall_s;
    double cpu_s;
    uint64_t rss_bytes_max; /* of the process so far */
};

/* One line of standard error that is drawn over, on a terminal; otherwise a line now and then. */
struct run_progress {
    char label[96];
    bool is_terminal;
    double began;
    double shown; /* when, since it began */
    int last;     /* tenth or thousandth that was shown */
};

double run_clock(void);
void run_progress_begin(struct run_progress *progress, const char *label);
void run_progress_show(struct run_progress *progress, double share, double simulated_s);
void run_progress_end(struct run_progress *progress);

/* Simulate plan and write its folder below out; summary_out is to be freed by the caller. */
MUST_USE bool run_arm(const struct plan *plan, const struct run_options *options, const char *out,
                      struct results_summary *summary_out, struct run_cost *cost_out,
                      struct mistake *mistake);
/* host.json and resource_usage.json. */
MUST_USE bool run_write_host(struct results_folder *folder, const struct plan *plan,
                             const struct run_cost *cost, const struct sim_totals *totals, uint32_t threads,
                             struct mistake *mistake);

/* Summaries of all arms and seeds: [seed * arms + arm]. */
struct run_table {
    const struct scenario_inputs *inputs;
    const struct results_summary *summaries;
    uint32_t seeds, arms;
    uint64_t first_seed;
};

void run_table_print(const struct run_table *table, FILE *out);
MUST_USE bool run_table_save(const struct run_table *table, const char *out, struct mistake *mistake);

#endif
