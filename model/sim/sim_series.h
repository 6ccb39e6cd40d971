/* sim_series - what a relay did, second by second, and how long its inputs waited.
 *
 * Owner: its relay. Memory: all of it is taken at the beginning, for the whole time to be simulated. */
#ifndef LOOM_SIM_SIM_SERIES_H
#define LOOM_SIM_SIM_SERIES_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/work.h"
#include "sim/sim_measure.h"

/* What of work a sample is about, added up over all that was done since time 0. */
struct sim_carried {
    uint64_t read, written, cells;
};

static inline void sim_carried_add(struct sim_carried *sum, const struct work *work) {
    sum->read += work->bytes_received + work->edge_bytes_in;
    sum->written += work->bytes_sent + work->edge_bytes_out;
    sum->cells += work->cells_sent;
}

struct sim_series {
    struct sim_sample *samples;
    nsec *thread_busy; /* [sample * threads + thread] */
    struct sim_thread_measure *threads;
    nsec interval;
    nsec measure_from;
    uint32_t count; /* samples */
    uint16_t thread_count;
    uint16_t workers;          /* the last so many threads */
    uint32_t next;             /* sample that is not closed yet */
    struct sim_carried closed; /* in samples */
};

/* False without memory. */
MUST_USE bool sim_series_init(struct sim_series *series, const struct memory *memory, nsec interval, nsec end,
                              nsec measure_from, uint16_t threads, uint16_t workers);
void sim_series_fini(struct sim_series *series, const struct memory *memory);

/* An input of thread has waited so long and begins now. */
void sim_series_delay(struct sim_series *series, nsec now, uint16_t thread, nsec delay);
/* A thread that was ready waited so long for a core. */
void sim_series_core_wait(struct sim_series *series, nsec now, uint16_t thread, nsec waited);
/* A thread works from start to end. */
void sim_series_busy(struct sim_series *series, uint16_t thread, nsec start, nsec end);
/* The sample that is open ended before now: sim_series_close it. */
static inline bool sim_series_is_due(const struct sim_series *series, nsec now) {
    return series->next < series->count && now >= (series->next + 1) * series->interval;
}
/* Close all samples that ended by now. */
void sim_series_close(struct sim_series *series, nsec now, const struct sim_carried *carried);

#endif
