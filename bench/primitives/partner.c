#include "primitives/partner.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/turn_clock.h"
#include "primitives/primitive.h"

struct partner {
    void (*task)(void *state);
    void *state;
    pthread_t thread;
    int called, done;          /* eventfds: each write before what is read behind it */
    struct partner_call times; /* latency: until the answer the time of waking */
    bool is_over;
};

/* The index-th CPU of those in may, alone; false when there are not so many. */
static bool core_at(const cpu_set_t *may, int index, cpu_set_t *one) {
    CPU_ZERO(one);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, may) && index-- == 0)
            CPU_SET(cpu, one);
    return CPU_COUNT(one) == 1;
}

/* What the process could use before the main thread was pinned. */
static cpu_set_t allowed;

void partner_pin_caller(void) {
    cpu_set_t one;
    CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    if (core_at(&allowed, 0, &one))
        (void)pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

static void await(int fd) {
    uint64_t value;
    CHECK(read(fd, &value, sizeof value) == sizeof value);
}

static void signal_fd(int fd) {
    const uint64_t one = 1;
    CHECK(write(fd, &one, sizeof one) == sizeof one);
}

static void *run(void *argument) {
    struct partner *p = argument;
    for (;;) {
        await(p->called);
        p->times.latency = monotonic_read();
        if (p->is_over)
            return NULL;
        nsec from = cpu_now();
        p->task(p->state);
        p->times.task_cpu = cpu_now() - from;
        signal_fd(p->done);
    }
}

struct partner *partner_new(void (*task)(void *state), void *state, const char **reason_out) {
    cpu_set_t second;
    if (!core_at(&allowed, 1, &second)) {
        *reason_out = "it takes two cores";
        return NULL;
    }
    struct partner *p = heap_new(sizeof *p);
    p->task = task;
    p->state = state;
    p->called = eventfd(0, EFD_CLOEXEC);
    p->done = eventfd(0, EFD_CLOEXEC);
    CHECK(p->called >= 0 && p->done >= 0);
    CHECK(pthread_create(&p->thread, NULL, run, p) == 0);
    (void)pthread_setaffinity_np(p->thread, sizeof second, &second);
    return p;
}

void partner_call(struct partner *partner, struct partner_call *out) {
    nsec start = monotonic_read(), from = cpu_now();
    signal_fd(partner->called);
    nsec woke = cpu_now();
    await(partner->done);
    nsec end = cpu_now();
    *out = partner->times;
    out->wake_cpu = woke - from;
    out->rest_cpu = end - woke;
    out->latency = out->latency > start ? out->latency - start : 0;
}

void partner_free(struct partner *partner) {
    if (!partner)
        return;
    partner->is_over = true;
    signal_fd(partner->called);
    CHECK(pthread_join(partner->thread, NULL) == 0);
    close(partner->called);
    close(partner->done);
    free(partner);
}
