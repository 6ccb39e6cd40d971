/* sim_draws - random draws of the model, in integers from a generator: the same on every machine.
 */
#ifndef LOOM_SIM_SIM_DRAWS_H
#define LOOM_SIM_SIM_DRAWS_H

#include <stdint.h>

#include "base/nsec.h"
#include "base/rng.h"

/* Exponentially distributed with that mean, from a committed table of the inverse; at most 64 times the mean. */
nsec sim_draw_exponential(struct rng *rng, nsec mean);
/* An index in proportion to cumulative[i] - cumulative[i - 1]; the last one is above zero. */
uint32_t sim_draw_weighted(struct rng *rng, const uint64_t *cumulative, uint32_t count);

#endif
