/* turn_clock - the time that a thread tells its core: the monotonic clock, read once in each turn.
 *
 * Owner: one event thread. All clocks of a relay start at the same reading, so their times compare. */
#ifndef LOOM_NATIVE_TURN_CLOCK_H
#define LOOM_NATIVE_TURN_CLOCK_H

#include <stdbool.h>

#include "base/nsec.h"

struct turn_clock {
    nsec start; /* reading of the monotonic clock that counts as 0 */
    nsec now;
    bool is_fresh; /* now was read in this turn */
};

/* CLOCK_MONOTONIC as it is. */
nsec monotonic_read(void);
/* How long the calling thread has had a CPU. */
nsec thread_cpu_read(void);
/* How often it has given up its CPU to wait for something. */
uint64_t thread_sleeps_read(void);
void turn_clock_init(struct turn_clock *clock, nsec start);
/* Time since start; the first call of a turn reads the clock. */
nsec turn_clock_now(struct turn_clock *clock);
/* Time since start, whatever the turn. */
nsec turn_clock_read(const struct turn_clock *clock);
/* A new turn begins. */
static inline void turn_clock_next(struct turn_clock *clock) {
    clock->is_fresh = false;
}

#endif
