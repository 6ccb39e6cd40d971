#include "core/ewma.h"

#include "base/check.h"

/* weights[i] = 2^24 * 2^(i / 64), rounded to the nearest: 2^24 times the powers of r = 2^(1/64) = 1.0108892860517...
 * Between two entries the weight is a straight line, which lies above the curve by at most (ln 2 / 64)^2 / 8 of it,
 * 1.5e-5. The last entry is twice the first: a tick ends where the next begins, so weights never go back in time. */
static const uint32_t weights[EWMA_STEPS + 1] = {
    16777216, 16959908, 17144589, 17331282, 17520007, 17710787, 17903645, 18098603, 18295684, 18494911,
    18696307, 18899897, 19105703, 19313750, 19524063, 19736666, 19951585, 20168843, 20388467, 20610483,
    20834917, 21061794, 21291142, 21522987, 21757357, 21994279, 22233781, 22475891, 22720638, 22968049,
    23218155, 23470984, 23726566, 23984932, 24246111, 24510133, 24777031, 25046835, 25319578, 25595290,
    25874004, 26155754, 26440571, 26728490, 27019544, 27313768, 27611195, 27911861, 28215802, 28523052,
    28833647, 29147625, 29465022, 29785875, 30110222, 30438101, 30769550, 31104608, 31443315, 31785710,
    32131834, 32481727, 32835430, 33192984, 33554432,
};

nsec ewma_half_life(nsec half_life) {
    if (half_life < EWMA_HALF_LIFE_MIN)
        half_life = EWMA_HALF_LIFE_MIN;
    if (half_life > EWMA_HALF_LIFE_MAX)
        half_life = EWMA_HALF_LIFE_MAX;
    return half_life - half_life % EWMA_STEPS;
}

uint32_t ewma_tick(nsec now, nsec half_life) {
    nsec tick = now / half_life;
    CHECK(tick <= UINT32_MAX);
    return (uint32_t)tick;
}

uint64_t ewma_weight(nsec now, nsec half_life) {
    nsec step = half_life / EWMA_STEPS;
    nsec at = now % half_life;
    uint64_t i = at / step;
    CHECK(i < EWMA_STEPS);
    /* Neighbours differ by less than 2^19 and EWMA_HALF_LIFE_MAX / 64 is less than 2^45: the product fits. */
    return weights[i] + (weights[i + 1] - weights[i]) * (at % step) / step;
}

uint64_t ewma_scale(uint64_t activity, uint32_t tick, uint32_t to_tick) {
    CHECK(tick <= to_tick);
    uint32_t ticks = to_tick - tick;
    return ticks < 64 ? activity >> ticks : 0;
}

uint64_t ewma_add(uint64_t activity, uint32_t cells, uint64_t weight) {
    CHECK(weight <= 2 * EWMA_ONE);
    uint64_t gained = cells * weight;
    return activity < EWMA_ACTIVITY_MAX - gained ? activity + gained : EWMA_ACTIVITY_MAX;
}

/* a is less than b * 2^shift. */
static bool is_less_than_shifted(uint64_t a, uint64_t b, uint32_t shift) {
    if (b == 0)
        return false;
    if (shift >= 64 || b > UINT64_MAX >> shift)
        return true;
    return a < b << shift;
}

/* a * 2^shift is less than b. */
static bool shifted_is_less_than(uint64_t a, uint32_t shift, uint64_t b) {
    if (a == 0)
        return b > 0;
    if (shift >= 64 || a > UINT64_MAX >> shift)
        return false;
    return a << shift < b;
}

bool ewma_is_quieter(uint64_t a, uint32_t tick_a, uint64_t b, uint32_t tick_b) {
    if (tick_a <= tick_b)
        return is_less_than_shifted(a, b, tick_b - tick_a);
    return shifted_is_less_than(a, tick_a - tick_b, b);
}
