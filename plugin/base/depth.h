/* depth - how many things wait, as those see it that leave: the mean over the last whole second.
 *
 * Who leaves a deep queue has left the near caches meanwhile. As with activity.h the mean of a second can be read in the
 * second after it, and falls to zero when nothing has left since. Owner: one thread. */
#ifndef LOOM_BASE_DEPTH_H
#define LOOM_BASE_DEPTH_H

#include <stdint.h>

#include "base/activity.h"

/* Zeroed: nothing has left. */
struct depth {
    uint32_t second; /* as of activity.h */
    uint32_t last;   /* the mean of the one before */
    uint64_t left;   /* in it so far, */
    uint64_t seen;   /* and the sum of what waited then */
};

static inline uint32_t depth_so_far(const struct depth *depth) {
    return depth->left == 0 ? 0 : (uint32_t)(depth->seen / depth->left);
}

/* So many leave, while so many wait, themselves among them. */
static inline void depth_note(struct depth *depth, nsec now, uint32_t leave, uint32_t wait) {
    uint32_t second = activity_second(now);
    if (depth->second != second) {
        depth->last = depth->second + 1 == second ? depth_so_far(depth) : 0;
        depth->left = depth->seen = 0;
        depth->second = second;
    }
    depth->left += leave;
    depth->seen += (uint64_t)leave * wait;
}

static inline uint32_t depth_mean(const struct depth *depth, nsec now) {
    uint32_t second = activity_second(now);
    if (depth->second == second)
        return depth->last;
    return depth->second + 1 == second ? depth_so_far(depth) : 0;
}

#endif
