/* clock_watch - notices when the wall clock is set, or the machine has slept: it then goes otherwise than the monotonic
 * clock, which stands still meanwhile.
 *
 * Owner: who looks. Look every second or so; a clock that is a little fast or slow is none that was set. */
#ifndef LOOM_NATIVE_CLOCK_WATCH_H
#define LOOM_NATIVE_CLOCK_WATCH_H

#include <stdint.h>

#include "base/nsec.h"

#define CLOCK_JUMP_S 100 /* as tor: fewer seconds are not worth a word */

struct clock_watch {
    int64_t offset_s; /* wall clock less monotonic clock, when last looked */
};

void clock_watch_init(struct clock_watch *watch, uint64_t wall_s, nsec monotonic);
/* By how many seconds the wall clock has jumped since the last look, back when negative; 0 for less than CLOCK_JUMP_S. */
int64_t clock_watch_look(struct clock_watch *watch, uint64_t wall_s, nsec monotonic);

#endif
