/* virtual_cpu - the processors of a host in Shadow, whose own take no time: work begins and ends there, and its thread sleeps
 * until then.
 *
 * Prices are of a profile (cost/price.h), cores are arithmetic (des/cores.h), and a piece of work is at most one absolute
 * clock_nanosleep. What is due adds up to FLOOR_NS before a core gets it, and what is below is carried over; so nothing is lost
 * and nothing is slept for nothing.
 * Law: a piece ends at max(now, the thread's earlier work, a core free) + price. Who has work done (_work, _take) returns then;
 * who queues it returns at once, or AHEAD_NS before, and waits with the next piece: sleeps are what pricing costs, and a thread
 * that has nothing more to show need not sleep before it waits for events. Of the sockets' work, the profile's share for softirqs goes to threads of the kernel, which are
 * pinned to the first logical cores (kernel_queues of them); who leaves one more than BACKLOG_NS waits for it.
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

#define VIRTUAL_THREADS_MAX    512u           /* event threads, CPU workers */
#define VIRTUAL_CPU_FLOOR_NS   UINT64_C(1000) /* a sleep costs Shadow some 14 us, and delays are of 100 us */
#define VIRTUAL_CPU_BACKLOG_NS UINT64_C(1000000) /* what a NIC's ring of some hundred segments is */
#define VIRTUAL_CPU_AHEAD_NS \
    UINT64_C(100000) /* by which a thread reads before its time: delays are of more */

struct virtual_cpu_options {
    uint32_t cores;            /* 0: as the profile says */
    uint32_t threads_per_core; /* 1, 2; 0: as the profile says */
};

/* NULL when there are more cores than can be had (CORES_LOGICAL_MAX), or the profile's hyperthreads are slower than one. */
MUST_USE struct virtual_cpu *virtual_cpu_new(const struct cost_profile *profile,
                                             const struct virtual_cpu_options *options);
/* NULL is fine. */
void virtual_cpu_free(struct virtual_cpu *cpu);

/* The calling thread, which has this number, has done this work, and earlier what it has queued. */
void virtual_cpu_work(struct virtual_cpu *cpu, uint32_t thread, const struct work *work,
                      const struct working_set *set);
/* The same of work that has a price already. */
void virtual_cpu_take(struct virtual_cpu *cpu, uint32_t thread, uint64_t ps);
/* A core does this work now, which nobody sees, while the calling thread looks for more. Returns when it will be done
 * (CLOCK_MONOTONIC). */
nsec virtual_cpu_queue(struct virtual_cpu *cpu, uint32_t thread, const struct work *work,
                       const struct working_set *set);
/* It has waited since then (CLOCK_MONOTONIC), with nothing to do; when time passed meanwhile it slept, and its next work begins
 * later by the profile's wake_delay. */
void virtual_cpu_woken(struct virtual_cpu *cpu, uint32_t thread, nsec since);

/* How long all cores together have been busy: the CPU time that Shadow's clocks do not tell. */
nsec virtual_cpu_busy(struct virtual_cpu *cpu);

#endif
