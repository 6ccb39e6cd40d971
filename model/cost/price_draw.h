/* price_draw - a machine as it might be: a price table drawn from the intervals of a profile, in integers alone.
 *
 * The law: half of all draws lie below a number's value and half above it, so the value is the median; in each half the density
 * falls in a straight line, from the value to nothing at the end of the interval. Numbers of one source (price_numbers.h) lie at the
 * same place of their intervals, sources apart from each other. So no draw leaves an interval, and a draw with all
 * places higher costs more, whatever the work.
 * The same generator state gives the same places: who draws Loom's and tor's prices from copies of one generator draws the two of one
 * machine. */
#ifndef LOOM_COST_PRICE_DRAW_H
#define LOOM_COST_PRICE_DRAW_H

#include "cost/price_numbers.h"
#include "cost/profile.h"

struct rng;

/* Takes PRICE_SOURCES numbers from rng. */
void price_draw(const struct cost_profile *profile, struct rng *rng, struct cost_table *out);

/* What lies at a place of an interval: 0 is cheap's end, 2^31 the value, the last one next to dear's end. The ends may
 * be on either side of the value (more that stays hot is cheaper). */
uint64_t price_at_place(uint64_t cheap, uint64_t value, uint64_t dear, uint32_t place);

#endif
