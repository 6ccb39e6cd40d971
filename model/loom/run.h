/* run - the parts of `loom run`: an experiment is runs, one of each seed and arm. Each run is a process of its own, several
 * side by side; what they say goes through pipes to the one that shows progress and prints the table over all of them. */
#ifndef LOOM_LOOM_RUN_H
#define LOOM_LOOM_RUN_H

#include <stdio.h>

#include "sim/results.h"
#include "sim/results_outside.h"
#include "sim/sim_world.h"

struct run_options {
    const char *scenario;
    const char *network;      /* a table of relays instead of the scenario's; or NULL */
    const char *out;          /* NULL: results/ and the scenario's name */
    const char *engine;       /* instead of the scenario's; or NULL */
    uint64_t seed, last_seed; /* when has_seed: these and those between are the only ones */
    bool has_seed;
    uint32_t threads;                /* of each run; 0: left out */
    uint32_t at_once;                /* runs side by side; 0: left out */
    struct settings_changes changes; /* of the scenario's values */
    bool is_part;                    /* no table over the runs is printed and saved */
    bool resumes;                    /* runs whose results are there are not run again */
};

/* How the runs of an experiment share this machine. Results do not depend on it. */
struct run_shape {
    uint32_t at_once;
    uint32_t threads; /* of each run */
    bool last_beside; /* the last run begins beside as many, so that processors are not idle while it ends */
};

/* What options leave open: with N processors, N runs of one thread rather than one of N threads, which wait for each
 * other; fewer when memory might not do. hosts: of the largest network among them. */
struct run_shape run_shape_choose(const struct run_options *options, uint32_t runs, uint32_t hosts);

/* What the host did for one simulation. */
struct run_cost {
    double wall_s;
    double cpu_s;
    uint64_t rss_bytes_max; /* of its process */
};

/* One line of standard error that is drawn over, on a terminal; otherwise a line now and then. */
struct run_progress {
    bool is_terminal;
    double began;
    double shown; /* when, since it began */
    int last;     /* tenth or thousandth that was shown */
};

double run_clock(void);
void run_progress_begin(struct run_progress *progress);
/* share of all work; what: "120 s simulated", say. */
void run_progress_show(struct run_progress *progress, double share, const char *what);
/* Before another line, and at the end. */
void run_progress_clear(const struct run_progress *progress);

/* What a process says to the experiment. */
enum run_word {
    RUN_PROGRESS,
    RUN_WRITTEN, /* and there are more to be written: twins (sim/scenario_twins.h) */
    RUN_DONE,    /* written, the last one */
    RUN_FAILED
};

struct run_news {
    enum run_word word;
    double share;                   /* PROGRESS: of its simulated time */
    uint32_t run;                   /* WRITTEN, DONE: of the experiment */
    struct run_cost cost;           /* the same */
    struct results_summary summary; /* the same: to be freed by who hears it */
    struct mistake mistake;         /* FAILED */
};

/* False: nobody listens. */
bool run_pipe_tell(int to, const struct run_news *news);
/* Waits for the next news. False: it ended without another word, or there is no memory. */
MUST_USE bool run_pipe_hear(int from, struct run_news *out);

/* OUT/seed-N/ARM. False: the name would be too long. */
MUST_USE bool run_folder(const struct plan *plan, const char *out, char path_out[static RESULTS_PATH_MAX],
                         struct mistake *mistake);
/* One simulation, from which the folders of an arm and its twins are written. */
struct run_arm {
    const struct plan *plan; /* that was simulated */
    struct run_shape shape;
    struct sim_config config;
    struct sim_world *world;        /* NULL: another engine's, */
    struct results_outside outside; /* which measured this */
    struct run_cost cost;
};

/* Simulate plan, which is borrowed until run_arm_fini, telling of its progress, by the engine of its scenario. On failure out
 * holds nothing. */
MUST_USE bool run_arm_simulate(const struct plan *plan, const struct run_shape *shape, const char *folder,
                               int news, struct run_arm *out, struct mistake *mistake);
/* The same by Shadow, in FOLDER/shadow/seed-N/ARM: tools/loom_shadow writes the experiment and runs it. */
MUST_USE bool run_arm_shadow(const struct plan *plan, const struct run_shape *shape, const char *folder,
                             int news, struct results_outside *outside_out, struct run_cost *cost_out,
                             struct mistake *mistake);
/* Write the folder of plan, which is the one that was simulated or that of a twin, below out; summary_out is to be freed by
 * the caller. */
MUST_USE bool run_arm_write(const struct run_arm *arm, const struct plan *plan, const char *out,
                            struct results_summary *summary_out, struct mistake *mistake);
void run_arm_fini(struct run_arm *arm);
/* host.json and resource_usage.json. */
MUST_USE bool run_write_host(struct results_folder *folder, const struct run_arm *arm,
                             const struct plan *plan, const struct sim_totals *totals,
                             struct mistake *mistake);

/* One experiment: its inputs, and the summaries of what has been run. */
struct experiment {
    struct scenario_inputs inputs;
    struct run_shape shape;
    char out[RESULTS_PATH_MAX];
    uint64_t first_seed;
    uint32_t seeds, arms;
    uint32_t hosts;                    /* of the network of the first run */
    struct results_summary *summaries; /* [seed * arms + arm]; those that were resumed have quantities */
};

const struct scenario_arm *experiment_arm(const struct experiment *experiment, uint32_t arm);
/* What would be run, as JSON: names, seeds, arms, simulated time, how many runs this machine takes
 * side by side, and the seeds that are there already. */
MUST_USE bool run_check_print(const struct experiment *experiment, FILE *out, struct mistake *mistake);
/* All its runs. On failure no more are begun, and those that are under way end. */
MUST_USE bool run_together(struct experiment *experiment, struct mistake *mistake);

/* Summaries of all arms and seeds: [seed * arms + arm]. */
struct run_table {
    const struct scenario_inputs *inputs;
    const struct results_summary *summaries;
    uint32_t seeds, arms;
    uint64_t first_seed;
};

void run_table_print(const struct run_table *table, FILE *out);
MUST_USE bool run_table_save(const struct run_table *table, const char *out, struct mistake *mistake);
/* summary.json, of a scenario with outputs.sustained. */
MUST_USE bool run_summary_save(const struct run_table *table, const char *out, struct mistake *mistake);

#endif
