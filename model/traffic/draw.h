/* draw - random draws of the model, in integers from a generator: the same on every machine. Pure.
 */
#ifndef LOOM_TRAFFIC_DRAW_H
#define LOOM_TRAFFIC_DRAW_H

#include <stdint.h>

#include "base/nsec.h"
#include "base/rng.h"

/* Exponentially distributed with that mean, from a committed table of the inverse; at most 64 times the mean. */
nsec draw_exponential(struct rng *rng, nsec mean);
/* Normally distributed with mean 0 and deviation 1, in units of 2^-32, from a committed table of the inverse; at most 5.42 away
 * from 0, where one draw of 2^24 would be further. */
int64_t draw_normal(struct rng *rng);
/* 2^(exponent / 2^32), rounded down and at most `most`. */
uint64_t draw_power(int64_t exponent, uint64_t most);
/* An index in proportion to cumulative[i] - cumulative[i - 1]; the last one is above zero. */
uint32_t draw_weighted(struct rng *rng, const uint64_t *cumulative, uint32_t count);

#endif
