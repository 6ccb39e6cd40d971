/* markov - hidden Markov models of traffic as tgen has them: in which state, what is observed there, and how long until the next.
 *
 * A step goes to a next state by its weight, and observes there, by weight again, that something is sent to the server, to the
 * origin, or that all is over; what is sent is sent at once, and the delay follows it.
 * Pure, in integers. Memory: a model borrows its arrays, a walk its model; models are shared by all threads. */
#ifndef LOOM_TRAFFIC_MARKOV_H
#define LOOM_TRAFFIC_MARKOV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "base/rng.h"

#define MARKOV_STATES_MAX 4096u
#define MARKOV_DELAY_MAX  (600 * NSEC_PER_S) /* tgen never waits longer */

enum markov_observation { MARKOV_TO_SERVER, MARKOV_TO_ORIGIN, MARKOV_END };

enum markov_distribution {
    MARKOV_UNIFORM,     /* from a to b, in ns */
    MARKOV_EXPONENTIAL, /* with mean a, in ns */
    MARKOV_NORMAL,      /* mean a, deviation b, in ns; below 0 is 0 */
    MARKOV_LOGNORMAL,   /* 2^(a + b x) ns with x normal, a and b in units of 2^-32 */
};

struct markov_delay {
    enum markov_distribution distribution;
    int64_t a, b; /* both at least 0 and at most MARKOV_PARAMETER_MAX */
};
#define MARKOV_PARAMETER_MAX (INT64_C(1) << 50) /* so products fit; 13 days, or a power of 2^18 */

struct markov_emission {
    enum markov_observation observation;
    struct markov_delay delay;
};

/* Weights are cumulative: that of number i is weights[i] - weights[i - 1]. */
struct markov_state {
    const uint64_t *next_weights;
    const uint16_t *next;
    uint32_t next_count; /* 0, or weights of 0: the walk is over */
    const uint64_t *emission_weights;
    const struct markov_emission *emissions;
    uint32_t emission_count; /* the same */
};

struct markov_model {
    const struct markov_state *states;
    uint16_t count;
    uint16_t start;
};

struct markov_walk {
    const struct markov_model *model;
    struct rng rng;
    uint16_t state;
    bool is_over;
};

/* The same seed walks the same way: both ends of a connection know what the other will send. */
void markov_walk_begin(struct markov_walk *walk, const struct markov_model *model, uint64_t seed);
/* The next observation, and the delay after it. */
enum markov_observation markov_walk_next(struct markov_walk *walk, nsec *delay_out);
nsec markov_delay_draw(const struct markov_delay *delay, struct rng *rng);

#endif
