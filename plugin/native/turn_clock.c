#include "native/turn_clock.h"

#include <sys/resource.h>
#include <time.h>

#include "base/check.h"

nsec monotonic_read(void) {
    struct timespec t;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (nsec)t.tv_sec * NSEC_PER_S + (nsec)t.tv_nsec;
}

nsec thread_cpu_read(void) {
    struct timespec t;
    CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (nsec)t.tv_sec * NSEC_PER_S + (nsec)t.tv_nsec;
}

uint64_t thread_sleeps_read(void) {
    struct rusage usage;
    if (getrusage(RUSAGE_THREAD, &usage) != 0)
        return 0; /* who stands in for the kernel, as Shadow does, counts none */
    return (uint64_t)usage.ru_nvcsw;
}

void turn_clock_init(struct turn_clock *clock, nsec start) {
    clock->start = start;
    clock->now = 0;
    clock->is_fresh = false;
}

nsec turn_clock_read(const struct turn_clock *clock) {
    return monotonic_read() - clock->start;
}

nsec turn_clock_now(struct turn_clock *clock) {
    if (!clock->is_fresh) {
        clock->now = turn_clock_read(clock);
        clock->is_fresh = true;
    }
    return clock->now;
}
