/* cores - the processors of a host: when work that is asked for now begins and ends.
 *
 * Arithmetic, not a semaphore. A thread does one piece of work after another; a logical core does one piece at a time,
 * first come first served, to its end. With SMT two logical cores share a physical one: while both are busy they get as much done
 * as 2000 / smt_permille cores. What has begun keeps its speed, what begins beside it has the rest until then, 2000 / smt_permille - 1;
 * so what both get done together is right at any time, but of two pieces the later one bears all of the delay.
 * The law: start = max(now, thread free, core free); end = start + price, stretched over the overlap.
 * A floating thread takes the core on which it starts first; among these one whose sibling is idle; then the lowest.
 * Pieces must be asked for in the order of time. Owner: one host. Integers only; no memory but the struct. */
#ifndef LOOM_DES_CORES_H
#define LOOM_DES_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"

#define CORES_LOGICAL_MAX 128u /* two sockets of 32 cores with SMT, the largest relay hosts on offer */
#define CORE_ANY          UINT16_MAX
#define CORES_WAIT_BINS   40u /* powers of two of nanoseconds, up to nine minutes */

struct core_thread {
    nsec free;       /* when its last piece ends */
    uint16_t pinned; /* logical core, or CORE_ANY */
    uint16_t last;   /* where it ran last */
};

/* What a host's run queue was like. */
struct cores_statistics {
    uint64_t pieces;
    nsec busy;   /* over all logical cores */
    nsec waited; /* between being asked for and starting, for a core: not for the thread's own earlier work */
    nsec waited_max;
    uint64_t waits[CORES_WAIT_BINS]; /* by the bits that a wait has */
};

struct cores {
    uint16_t physical;
    uint16_t logical;      /* physical, or twice as many: the sibling of core c is c + physical */
    uint32_t smt_permille; /* time that a piece takes when both siblings are always busy, 1000 to 2000 */
    nsec free[CORES_LOGICAL_MAX];
    struct cores_statistics statistics;
};

struct core_slot {
    nsec start;
    nsec end;
    uint16_t core;
};

/* threads_per_core is 1 or 2. */
void cores_init(struct cores *cores, uint16_t physical, uint16_t threads_per_core, uint32_t smt_permille);
void core_thread_init(struct core_thread *thread, uint16_t pinned);
/* Whether thread, which has nothing to do, would begin at once. */
bool cores_can_run(const struct cores *cores, nsec now, const struct core_thread *thread);
/* Give thread a piece of work that takes price on an undisturbed core. */
struct core_slot cores_run(struct cores *cores, nsec now, struct core_thread *thread, nsec price);
/* Least wait that the given permille of pieces did not exceed, to the next power of two. */
nsec cores_wait_quantile(const struct cores_statistics *statistics, uint32_t permille);

#endif
