#include "base/rng.h"

#include "base/check.h"

static uint64_t rotate_left(uint64_t x, unsigned bits) {
    return x << bits | x >> (64 - bits);
}

static uint64_t splitmix64(uint64_t *state) {
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void rng_seed(struct rng *rng, uint64_t seed) {
    for (unsigned i = 0; i < 4; i++)
        rng->state[i] = splitmix64(&seed);
}

uint64_t rng_u64(struct rng *rng) {
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Draw as many bits as bound - 1 has until they are below bound: fewer than two draws on average. */
uint64_t rng_below(struct rng *rng, uint64_t bound) {
    CHECK(bound > 0);
    if (bound == 1)
        return 0;
    unsigned unused_bits = (unsigned)__builtin_clzll(bound - 1);
    uint64_t drawn;
    do
        drawn = rng_u64(rng) >> unused_bits;
    while (drawn >= bound);
    return drawn;
}

/* Little-endian on every machine. */
void rng_fill(struct rng *rng, void *out, size_t length) {
    uint8_t *bytes = out;
    for (; length >= 8; length -= 8, bytes += 8) {
        uint64_t word = rng_u64(rng);
        for (unsigned i = 0; i < 8; i++)
            bytes[i] = (uint8_t)(word >> 8 * i);
    }
    uint64_t last = length > 0 ? rng_u64(rng) : 0;
    for (; length > 0; length--, last >>= 8)
        *bytes++ = (uint8_t)last;
}

void rng_skip(struct rng *rng, size_t length) {
    for (size_t i = 0; i < length; i += 8)
        (void)rng_u64(rng);
}
