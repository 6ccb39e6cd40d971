/* sim_prediction - one relay of the engine under the load of a generator, until it is steady; and what it did then.
 *
 * It runs a world of two hosts: nothing is a formula, and nothing depends on anything but the setting.
 * Steady is: each circuit has had cells, or a whole second has passed, as the working set counts by whole seconds
 * (base/activity.h). Thread: the caller's. Memory: all is given back. */
#ifndef LOOM_SIM_SIM_PREDICTION_H
#define LOOM_SIM_SIM_PREDICTION_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/work.h"
#include "sim/sim_config.h"

#define SIM_PREDICTION_THREADS_MAX (SIM_THREADS_MAX + 1u) /* and the main thread */

struct sim_prediction_setting {
    const struct memory *memory;
    struct sim_cpu cpu;
    struct sim_generator_config load; /* without lead */
    uint16_t connection_threads;
    uint64_t line_rate;  /* bytes a second each way, or RATE_UNLIMITED */
    uint32_t latency_us; /* one way, at least 1 */
    nsec warm_up;        /* at least so long; 0: until it is steady */
    nsec length;         /* of measuring; 0: until enough cells have passed */
    uint64_t seed;
};

struct sim_prediction {
    uint64_t cells;   /* relayed, each counted once */
    nsec time;        /* that was measured, */
    struct work work; /* in which all its threads did so much, */
    struct working_set set;
    nsec busy[SIM_PREDICTION_THREADS_MAX]; /* and the main thread and connection threads worked so long, */
    nsec busy_workers;                     /* and CPU workers */
    uint16_t threads;                      /* main and connection threads */
    nsec delay_median,
        delay_p99;     /* of cells at a rate, to the relay, through it and from it; 0: there was none */
    uint64_t left_out; /* cells that the generator had no room for */
};

/* ERR_LIMIT without memory. ERR_PROTOCOL: links or circuits were lost, or not to be had: there is no result. */
MUST_USE enum err sim_predict(const struct sim_prediction_setting *setting,
                              struct sim_prediction *prediction_out);

#endif
