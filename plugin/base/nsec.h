/* nsec - points in time and durations, in integer nanoseconds.
 *
 * A point in time is counted from an origin that the runtime chooses (native: the monotonic clock; engine: the start
 * of the simulation). Nothing in base, wire, crypt, core or origin reads a clock: time comes in as `nsec now`. */
#ifndef LOOM_BASE_NSEC_H
#define LOOM_BASE_NSEC_H

#include <stdint.h>

typedef uint64_t nsec;

#define NSEC_NEVER  UINT64_MAX
#define NSEC_PER_US UINT64_C(1000)
#define NSEC_PER_MS UINT64_C(1000000)
#define NSEC_PER_S  UINT64_C(1000000000)

/* Earlier of two points in time; NSEC_NEVER is later than all. */
static inline nsec nsec_min(nsec a, nsec b) {
    return a < b ? a : b;
}

/* Later of two points in time. */
static inline nsec nsec_max(nsec a, nsec b) {
    return a > b ? a : b;
}

#endif
