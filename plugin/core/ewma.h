/* ewma - how busy a circuit was lately, in fixed point: each cell counts 2^-(age / half life).
 *
 * Instead of scaling all values down as time passes, new cells weigh more: at time t a cell weighs 2^(t / half life).
 * A tick is one half life, so a value is a pair (activity, tick) that stands for activity * 2^tick, and moving it to a
 * later tick is a shift. One cell at the start of a tick is EWMA_ONE; within the tick the weight comes from a table.
 * The laws: which of two values is quieter does not depend on when it is asked; values grow with each cell and may
 * saturate at EWMA_ACTIVITY_MAX but never wrap; the weight is within 2^-15 of the true power. */
#ifndef LOOM_CORE_EWMA_H
#define LOOM_CORE_EWMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"

#define EWMA_ONE           (UINT64_C(1) << 24) /* after 25 quiet half lives a cell is forgotten */
#define EWMA_STEPS         64u                 /* of the table, in one half life */
#define EWMA_ACTIVITY_MAX  (UINT64_MAX - 1)
#define EWMA_HALF_LIFE_MIN NSEC_PER_S         /* 2^32 ticks are then 136 years */
#define EWMA_HALF_LIFE_MAX (NSEC_PER_S << 21) /* 24 days, the most that the consensus can ask for */

/* half_life within its limits and in whole steps. */
nsec ewma_half_life(nsec half_life);
uint32_t ewma_tick(nsec now, nsec half_life);
/* What one cell weighs now, in units of now's tick: EWMA_ONE up to twice that. */
uint64_t ewma_weight(nsec now, nsec half_life);
/* The same value in units of a later tick, rounded down. */
uint64_t ewma_scale(uint64_t activity, uint32_t tick, uint32_t to_tick);
/* activity plus so many cells of this weight. */
uint64_t ewma_add(uint64_t activity, uint32_t cells, uint64_t weight);
/* a (in units of tick_a) is less than b (of tick_b), without rounding. */
bool ewma_is_quieter(uint64_t a, uint32_t tick_a, uint64_t b, uint32_t tick_b);

#endif
