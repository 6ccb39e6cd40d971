/* load_cpu - CPU time of a process and of its threads, from the scheduler's own count. */
#ifndef LOOM_LOAD_LOAD_CPU_H
#define LOOM_LOAD_LOAD_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"

#define LOAD_THREADS_MAX     64u
#define LOAD_THREAD_NAME_MAX 16u

struct load_thread_cpu {
    uint32_t id;
    char name[LOAD_THREAD_NAME_MAX];
    nsec busy;
    uint64_t switches; /* times that it gave the CPU up and was woken again */
};

struct load_cpu {
    struct load_thread_cpu threads[LOAD_THREADS_MAX];
    uint32_t count;
};

/* Read /proc/PID/task. False when the process is not there. Threads beyond LOAD_THREADS_MAX are left out. */
MUST_USE bool load_cpu_read(uint32_t pid, struct load_cpu *out);
/* after -= before, thread by thread; threads that are new keep what they have. */
void load_cpu_since(struct load_cpu *after, const struct load_cpu *before);
nsec load_cpu_total(const struct load_cpu *cpu);
uint64_t load_cpu_switches(const struct load_cpu *cpu);

#endif
