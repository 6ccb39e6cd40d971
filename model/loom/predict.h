/* predict - the parts of `loom predict`: one relay on the machine of a profile, under a load; a row for each number of threads. */
#ifndef LOOM_LOOM_PREDICT_H
#define LOOM_LOOM_PREDICT_H

#include <stdbool.h>
#include <stdio.h>

#include "cost/mapping.h"
#include "cost/profile.h"
#include "cost/stage.h"
#include "sim/sim_prediction.h"

#define PREDICT_PROFILES_MAX 32u
#define PREDICT_NAME_MAX     64u
#define PREDICT_THREADS_MAX  (SIM_THREADS_MAX + 1u) /* different numbers of threads */

enum predict_role { PREDICT_MIDDLE, PREDICT_EXIT };

enum predict_nic { PREDICT_NIC_NONE, PREDICT_NIC_PROFILE };

struct predict_options {
    const char *profiles[PREDICT_PROFILES_MAX];         /* files, or names in model/cost/profiles */
    char found[PREDICT_PROFILES_MAX][PREDICT_NAME_MAX]; /* names of those that were not named */
    uint32_t profile_count;
    const char *picture;   /* of the bill; NULL: none */
    const char *generator; /* profile of the thread that presses; NULL: it limits nothing */
    uint16_t threads[PREDICT_THREADS_MAX];
    uint32_t thread_count;
    int mapping;   /* enum cost_mapping; -1: as the profile's implementation */
    int behaviour; /* enum sim_behaviour; -1: the same */
    int role;      /* enum predict_role */
    int cipher;    /* enum link_cipher; -1: as the profile's relay chooses on its machine */
    int placement; /* enum sim_placement */
    int nic;       /* enum predict_nic */
    uint64_t links, circuits, run, record_cells, latency_us, seed, rate, draws;
    uint64_t cores, threads_per_core, softirq_queues; /* 0: as the profile */
    nsec warm_up, length;                             /* 0: as long as it takes */
    bool wants_json, wants_bill, wants_help, wants_sensitivity;
};

extern const char predict_usage[];
/* False when it has said on standard error what is wrong. */
MUST_USE bool predict_options_read(int argc, char *argv[], struct predict_options *out);

/* Take all profiles of model/cost/profiles. */
MUST_USE bool predict_profiles_all(struct predict_options *out, struct mistake *mistake);

/* What the options leave open is as the profile says. */
struct predict_machine {
    struct cost_profile profile, generator; /* the latter when the options name one */
    struct sim_cpu cpu;
    uint64_t line_rate;
    enum link_cipher cipher; /* of all links */
};
/* Read the profile so named. */
MUST_USE bool predict_machine_read(const struct predict_options *options, const char *name,
                                   struct predict_machine *out, struct mistake *mistake);

/* From the 5th percentile to the 95th. */
struct predict_interval {
    double low, high;
};

struct predict_row {
    uint16_t threads; /* connection threads */
    bool has_interval;
    struct sim_prediction found;
    struct predict_interval cells_per_s, cpu_ns_per_cell; /* when prices were drawn */
};
/* The same, in the units of people. */
double predict_cells_per_s(const struct predict_row *row);
double predict_mbit(const struct predict_row *row);
double predict_cpu_ns_per_cell(const struct predict_row *row);
double predict_utilisation(const struct predict_row *row, uint16_t thread);

/* Nanoseconds of each stage for a cell; they sum to predict_cpu_ns_per_cell. What threads take longer beside each other (SMT) is
 * in the rest. */
void predict_bill(const struct predict_machine *machine, const struct predict_row *row,
                  double ns_out[static COST_STAGES]);

MUST_USE bool predict_row_make(const struct predict_options *options, const struct predict_machine *machine,
                               uint16_t threads, struct predict_row *out, struct mistake *mistake);

/* The same with options->draws drawn price tables: what they make of it. The row is made. */
MUST_USE bool predict_row_draw(const struct predict_options *options, const struct predict_machine *machine,
                               struct predict_row *row, struct mistake *mistake);

/* Everything of one profile. */
struct predict_result {
    struct predict_machine machine;
    struct predict_row rows[PREDICT_THREADS_MAX];
    uint32_t row_count;
};
void predict_table_print(const struct predict_options *options, const struct predict_result *result,
                         FILE *out);
/* Where a cell's time goes, of the first row of each; one column for each profile. */
void predict_bill_print(const struct predict_result *results, uint32_t count, FILE *out);
/* Draw the bill to options->picture. */
MUST_USE bool predict_picture_draw(const struct predict_options *options,
                                   const struct predict_result *results, struct mistake *mistake);
/* One object, or a list of them when there are several results. False: it could not be written. */
MUST_USE bool predict_json_print(const struct predict_options *options, const struct predict_result *results,
                                 uint32_t count, FILE *out);

#endif
