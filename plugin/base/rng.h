/* rng - seeded generator (xoshiro256**, Blackman and Vigna 2018) for choices that need no secrecy: random circuit ids,
 * jitter, simulated draws. Keys and nonces come from the crypt provider instead.
 *
 * Owner: whoever holds it; the same seed gives the same sequence on every machine. */
#ifndef LOOM_BASE_RNG_H
#define LOOM_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* Spread seed over the state by splitmix64. */
void rng_seed(struct rng *rng, uint64_t seed);
uint64_t rng_u64(struct rng *rng);
/* Uniform in [0, bound), without bias; bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);
void rng_fill(struct rng *rng, void *out, size_t length);
/* Go on as after rng_fill of so many bytes. */
void rng_skip(struct rng *rng, size_t length);

#endif
