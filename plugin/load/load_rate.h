/* load_rate - cells pressed through the relay at a rate, whatever the relay makes of it (an open loop), and how long they take.
 *
 * Bursts of a run of cells of one circuit come at exponentially distributed times (a Poisson process), by turns forward and
 * backward, and of all ways in turn. What is late because the generator was busy is written as soon as it can be; what falls
 * behind by more than LOAD_RATE_LATE is left out. A cell's delay is from its writing here to its arrival here, of verified ways.
 * Owner: main. Bound: the window of the flow, in each direction. */
#ifndef LOOM_LOAD_LOAD_RATE_H
#define LOOM_LOAD_LOAD_RATE_H

#include <stdint.h>

#include "base/nsec.h"
#include "base/rng.h"
#include "load/load_flow.h"

#define LOAD_RATE_LATE (20 * NSEC_PER_MS)

struct load_rate {
    struct load_flow *flow;
    struct rng rng;
    double mean_ns; /* between two bursts */
    double next_at;
    uint64_t bursts;
    uint64_t left_out; /* cells */
};

/* cells_per_s: of both directions together. Borrows flow. */
void load_rate_init(struct load_rate *rate, struct load_flow *flow, uint32_t cells_per_s, nsec now);
/* Press until that time. */
void load_rate_run(struct load_rate *rate, nsec until);

/* A draw from the exponential distribution of mean 1. */
double load_rate_exponential(struct rng *rng);

#endif
