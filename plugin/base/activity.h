/* activity - how many different things have been active in the last whole second.
 *
 * Each thing carries a mark. The count of a second can be read in the second after it: it stands still for that long, and
 * falls to zero when nothing has happened since. Owner: one thread. */
#ifndef LOOM_BASE_ACTIVITY_H
#define LOOM_BASE_ACTIVITY_H

#include <stdint.h>

#include "base/nsec.h"

/* Zeroed: nothing has been active. */
struct activity {
    uint32_t second; /* 1-based; 0: none yet */
    uint32_t count;  /* in it so far */
    uint32_t last;   /* in the one before */
};

/* Zeroed: not active yet. */
typedef uint32_t activity_mark;

static inline uint32_t activity_second(nsec now) {
    return (uint32_t)(now / NSEC_PER_S) + 1;
}

/* The thing with that mark does something. */
static inline void activity_note(struct activity *activity, nsec now, activity_mark *mark) {
    uint32_t second = activity_second(now);
    if (*mark == second)
        return;
    if (activity->second != second) {
        activity->last = activity->second + 1 == second ? activity->count : 0;
        activity->count = 0;
        activity->second = second;
    }
    *mark = second;
    activity->count++;
}

static inline uint32_t activity_count(const struct activity *activity, nsec now) {
    uint32_t second = activity_second(now);
    if (activity->second == second)
        return activity->last;
    return activity->second + 1 == second ? activity->count : 0;
}

#endif
