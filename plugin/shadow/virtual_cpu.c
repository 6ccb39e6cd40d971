#include "shadow/virtual_cpu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"
#include "cost/profile.h"
#include "des/cores.h"

struct virtual_thread {
    struct core_thread core;
    nsec busy_until; /* what a core has of it */
    uint64_t owed_ps;
};

struct virtual_cpu {
    struct cost_table prices;
    uint16_t kernel_threads;
    nsec ahead;
    pthread_mutex_t lock; /* protects cores and kernel */
    struct cores cores;
    struct virtual_thread threads[VIRTUAL_THREADS_MAX]; /* each one's own */
    struct virtual_thread kernel[CORES_LOGICAL_MAX];
};

static nsec now_read(void) {
    struct timespec t;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (nsec)t.tv_sec * NSEC_PER_S + (nsec)t.tv_nsec;
}

static void sleep_until(nsec at) {
    const struct timespec t = {.tv_sec = (time_t)(at / NSEC_PER_S), .tv_nsec = (long)(at % NSEC_PER_S)};
    int error;
    while ((error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL)) == EINTR) {
    }
    CHECK(error == 0);
}

static void start_threads(struct virtual_cpu *cpu) {
    for (uint32_t i = 0; i < VIRTUAL_THREADS_MAX; i++)
        core_thread_init(&cpu->threads[i].core, CORE_ANY);
    for (uint16_t i = 0; i < cpu->kernel_threads; i++)
        core_thread_init(&cpu->kernel[i].core, i);
}

static uint16_t kernel_threads_of(const struct cost_profile *profile, uint32_t logical) {
    if (profile->value.softirq_permille == 0)
        return 0;
    if (profile->softirq_queues == 0)
        return 1;
    return (uint16_t)(profile->softirq_queues < logical ? profile->softirq_queues : logical);
}

struct virtual_cpu *virtual_cpu_new(const struct cost_profile *profile,
                                    const struct virtual_cpu_options *options) {
    const uint32_t cores = options->cores != 0 ? options->cores : profile->cores;
    const uint32_t each =
        options->threads_per_core != 0 ? options->threads_per_core : profile->threads_per_core;
    if (cores == 0 || each == 0 || each > 2 || (uint64_t)cores * each > CORES_LOGICAL_MAX ||
        profile->value.smt_permille > 2 * COST_SMT_PERMILLE)
        return NULL;
    struct virtual_cpu *cpu = calloc(1, sizeof *cpu);
    CHECK(cpu != NULL);
    cpu->prices = profile->value;
    cpu->ahead = options->ahead;
    cpu->kernel_threads = kernel_threads_of(profile, cores * each);
    cores_init(&cpu->cores, (uint16_t)cores, (uint16_t)each, profile->value.smt_permille);
    start_threads(cpu);
    CHECK(pthread_mutex_init(&cpu->lock, NULL) == 0);
    return cpu;
}

void virtual_cpu_free(struct virtual_cpu *cpu) {
    if (cpu == NULL)
        return;
    pthread_mutex_destroy(&cpu->lock);
    free(cpu);
}

/* --- working ---------------------------------------------------------------------------------------------------- */

/* Whole nanoseconds of what is owed; the rest stays. */
static nsec take_ns(struct virtual_thread *thread) {
    nsec price = thread->owed_ps / COST_PS_PER_NS;
    thread->owed_ps %= COST_PS_PER_NS;
    return price;
}

/* When the kernel has done its part, as far as the thread has to wait for it. */
static nsec run_kernel(struct virtual_cpu *cpu, nsec now, struct virtual_thread *kernel) {
    nsec price = take_ns(kernel);
    if (price == 0)
        return 0;
    nsec end = cores_run(&cpu->cores, now, &kernel->core, price).end;
    return end > now + VIRTUAL_CPU_BACKLOG_NS ? end - VIRTUAL_CPU_BACKLOG_NS : 0;
}

/* What a core still has is followed by more on the same core: elsewhere it would leave a gap that nobody could use. */
static void run_thread(struct virtual_cpu *cpu, nsec now, struct virtual_thread *thread) {
    const bool goes_on = thread->busy_until > now && cpu->cores.free[thread->core.last] == thread->busy_until;
    thread->core.pinned = goes_on ? thread->core.last : CORE_ANY;
    thread->busy_until = cores_run(&cpu->cores, now, &thread->core, take_ns(thread)).end;
}

/* Give a core what is owed. */
static void settle(struct virtual_cpu *cpu, struct virtual_thread *thread, struct virtual_thread *kernel) {
    CHECK(pthread_mutex_lock(&cpu->lock) == 0);
    nsec now = now_read(); /* inside, so that pieces are asked for in the order of time */
    nsec kernel_until = kernel != NULL ? run_kernel(cpu, now, kernel) : 0;
    run_thread(cpu, now, thread);
    CHECK(pthread_mutex_unlock(&cpu->lock) == 0);
    thread->core.free = nsec_max(thread->core.free, kernel_until);
}

/* By how much a thread would be ahead of its work. */
static nsec ahead_by(const struct virtual_thread *thread, nsec now) {
    return nsec_max(thread->core.free, now) - now + thread->owed_ps / COST_PS_PER_NS;
}

/* Let the thread be a little ahead of its work, and no more. Returns when its work is done. */
static nsec keep_up(struct virtual_cpu *cpu, struct virtual_thread *thread, struct virtual_thread *kernel,
                    bool waits) {
    nsec now = now_read(), ahead = ahead_by(thread, now);
    nsec most = waits ? nsec_max(cpu->ahead, VIRTUAL_CPU_READS_AHEAD_NS) : cpu->ahead;
    if (ahead < most && !waits)
        return now + ahead;
    if (thread->owed_ps >= VIRTUAL_CPU_FLOOR_NS * COST_PS_PER_NS)
        settle(cpu, thread, kernel);
    if (thread->core.free > now && thread->core.free - now >= most)
        sleep_until(thread->core.free);
    return thread->core.free;
}

/* The kernel's part of the work; its debt is one of all threads. */
static uint64_t leave_to_kernel(struct virtual_cpu *cpu, struct virtual_thread *kernel,
                                const struct work *work) {
    const uint64_t sockets = cost_socket_ps(&cpu->prices, work);
    const uint32_t permille = cpu->prices.softirq_permille;
    const uint64_t beside = sockets / 1000 * permille + sockets % 1000 * permille / 1000;
    CHECK(pthread_mutex_lock(&cpu->lock) == 0);
    kernel->owed_ps += beside;
    CHECK(pthread_mutex_unlock(&cpu->lock) == 0);
    return beside;
}

static nsec do_work(struct virtual_cpu *cpu, uint32_t number, const struct work *work,
                    const struct working_set *set, bool waits) {
    CHECK(number < VIRTUAL_THREADS_MAX);
    struct virtual_thread *thread = &cpu->threads[number], *kernel = NULL;
    uint64_t ps = cost_work_ps(&cpu->prices, work, set);
    if (cpu->kernel_threads > 0) {
        kernel = &cpu->kernel[number % cpu->kernel_threads];
        ps -= leave_to_kernel(cpu, kernel, work);
    }
    thread->owed_ps += ps;
    return keep_up(cpu, thread, kernel, waits);
}

void virtual_cpu_work(struct virtual_cpu *cpu, uint32_t number, const struct work *work,
                      const struct working_set *set) {
    (void)do_work(cpu, number, work, set, false);
}

nsec virtual_cpu_queue(struct virtual_cpu *cpu, uint32_t number, const struct work *work,
                       const struct working_set *set) {
    return do_work(cpu, number, work, set, true);
}

void virtual_cpu_take(struct virtual_cpu *cpu, uint32_t number, uint64_t ps) {
    CHECK(number < VIRTUAL_THREADS_MAX);
    cpu->threads[number].owed_ps += ps;
    (void)keep_up(cpu, &cpu->threads[number], NULL, false);
}

void virtual_cpu_woken(struct virtual_cpu *cpu, uint32_t number, nsec since) {
    CHECK(number < VIRTUAL_THREADS_MAX);
    nsec now = now_read();
    if (now <= since)
        return;
    struct virtual_thread *thread = &cpu->threads[number];
    thread->owed_ps += cpu->prices.ps.loop_sleeps; /* Shadow's kernel counts none */
    thread->core.free = nsec_max(thread->core.free, now + cpu->prices.wake_delay_ns);
}

nsec virtual_cpu_busy(struct virtual_cpu *cpu) {
    CHECK(pthread_mutex_lock(&cpu->lock) == 0);
    nsec busy = cpu->cores.statistics.busy;
    CHECK(pthread_mutex_unlock(&cpu->lock) == 0);
    return busy;
}
