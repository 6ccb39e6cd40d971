#include "cost/price_draw.h"

#include "base/rng.h"

#define ONE    (UINT64_C(1) << 32) /* of fractions */
#define MIDDLE (UINT32_C(1) << 31)

/* The largest whole number whose square is at most n. */
static uint64_t root(uint64_t n) {
    uint64_t result = 0;
    for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1)
        if ((result | bit) * (result | bit) <= n)
            result |= bit;
    return result;
}

/* How far from the value, where share (of ONE, below it) of the draws in that half lie further: 1 - sqrt(share). */
static uint64_t distance(uint64_t share) {
    return ONE - root(share << 32);
}

/* length * fraction / ONE, rounded down. */
static uint64_t part(uint64_t length, uint64_t fraction) {
    return (length >> 32) * fraction + ((length & (ONE - 1)) * fraction >> 32);
}

static uint64_t towards(uint64_t value, uint64_t end, uint64_t fraction) {
    return end >= value ? value + part(end - value, fraction) : value - part(value - end, fraction);
}

uint64_t price_at_place(uint64_t cheap, uint64_t value, uint64_t dear, uint32_t place) {
    if (place < MIDDLE)
        return towards(value, cheap, distance(2 * (uint64_t)place));
    uint64_t above = 2 * (uint64_t)(place - MIDDLE);
    return above == 0 ? value : towards(value, dear, distance(ONE - above));
}

void price_draw(const struct cost_profile *profile, struct rng *rng, struct cost_table *out) {
    uint32_t places[PRICE_SOURCES];
    for (uint32_t i = 0; i < PRICE_SOURCES; i++)
        places[i] = (uint32_t)(rng_u64(rng) >> 32);
    *out = profile->value;
    for (uint32_t i = 0; i < price_numbers_count(); i++)
        price_number_set(out, i,
                         price_at_place(price_number_get(&profile->least, i),
                                        price_number_get(&profile->value, i),
                                        price_number_get(&profile->most, i), places[price_number_source(i)]));
}
