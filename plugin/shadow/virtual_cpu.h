/* virtual_cpu - the processors of a host in Shadow, whose own take no time: work begins and ends there, and its thread sleeps
 * until then.
 *
 * Prices are of a profile (cost/price.h), cores are arithmetic (des/cores.h), and waiting is one absolute clock_nanosleep. Sleeps
 * are what pricing costs: one takes Shadow as long as any system call. So a thread may be ahead of its work by less than options.ahead,
 * and sleeps until all is done when it would be more; before it waits for events (_queue) a core gets what is left, and goes on
 * with it meanwhile. What is below FLOOR_NS is carried over. Nothing is lost.
 * Law: a piece ends at max(now, the thread's earlier work, a core free) + price; the calling thread returns then, or less than
 * options.ahead before. Of the sockets' work, the profile's share for softirqs goes to threads of the kernel, which are pinned to
 * the first logical cores (kernel_queues of them); who leaves one more than BACKLOG_NS waits for it.
 * Thread: any; one lock for the arithmetic. In Shadow, where one thread of a host runs at a time, it is always free.
 * Memory: virtual_cpu_new's, until _free. */
#ifndef LOOM_SHADOW_VIRTUAL_CPU_H
#define LOOM_SHADOW_VIRTUAL_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "base/work.h"

struct cost_profile;
struct virtual_cpu;

#define VIRTUAL_THREADS_MAX    512u              /* event threads, CPU workers */
#define VIRTUAL_CPU_FLOOR_NS   UINT64_C(1000)    /* what a core gets at once */
#define VIRTUAL_CPU_BACKLOG_NS UINT64_C(1000000) /* what a NIC's ring of some hundred segments is */
#define VIRTUAL_CPU_AHEAD_US   300u /* the least with which pricing a network takes at most a fifth more time */
#define VIRTUAL_CPU_READS_AHEAD_NS \
    UINT64_C(100000) /* at least, of who waits: it shows nothing before its time by that */

struct virtual_cpu_options {
    uint32_t cores;            /* 0: as the profile says */
    uint32_t threads_per_core; /* 1, 2; 0: as the profile says */
    nsec ahead; /* VIRTUAL_CPU_AHEAD_US unless told; 0: all work is done before anything is seen of it */
};

/* NULL when there are more cores than can be had (CORES_LOGICAL_MAX), or the profile's hyperthreads are slower than one. */
MUST_USE struct virtual_cpu *virtual_cpu_new(const struct cost_profile *profile,
                                             const struct virtual_cpu_options *options);
/* NULL is fine. */
void virtual_cpu_free(struct virtual_cpu *cpu);

/* The calling thread, which has this number, has done this work. */
void virtual_cpu_work(struct virtual_cpu *cpu, uint32_t thread, const struct work *work,
                      const struct working_set *set);
/* The same of work that has a price already. */
void virtual_cpu_take(struct virtual_cpu *cpu, uint32_t thread, uint64_t ps);
/* The same of a thread that is about to wait for events. Returns when it will have been done (CLOCK_MONOTONIC). */
nsec virtual_cpu_queue(struct virtual_cpu *cpu, uint32_t thread, const struct work *work,
                       const struct working_set *set);
/* It has waited since then (CLOCK_MONOTONIC), with nothing to do; when time passed meanwhile it slept, and its next work begins
 * later by the profile's wake_delay. */
void virtual_cpu_woken(struct virtual_cpu *cpu, uint32_t thread, nsec since);

/* How long all cores together have been busy: the CPU time that Shadow's clocks do not tell. */
nsec virtual_cpu_busy(struct virtual_cpu *cpu);

#endif
