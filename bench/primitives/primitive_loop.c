/* Turns of an event loop over epoll: with nothing to do, with one event, and with so many ready sockets; and reading the clock. */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/turn_clock.h"
#include "primitives/primitive.h"

#define EVENTS_MAX 64

struct rig {
    int epoll;
    uint32_t count;
    int fds[EVENTS_MAX];
};

static void *begin(const struct primitive *primitive, const char **reason_out) {
    struct rig *rig = heap_new(sizeof *rig);
    (void)reason_out;
    rig->epoll = epoll_create1(EPOLL_CLOEXEC);
    rig->count = primitive->size > 0 ? primitive->size : 1;
    CHECK(rig->epoll >= 0 && rig->count <= EVENTS_MAX);
    for (uint32_t i = 0; i < rig->count; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        rig->fds[i] =
            eventfd(primitive->size > 0, EFD_NONBLOCK | EFD_CLOEXEC); /* ready, unless none is to be */
        CHECK(rig->fds[i] >= 0);
        CHECK(epoll_ctl(rig->epoll, EPOLL_CTL_ADD, rig->fds[i], &event) == 0);
    }
    return rig;
}

static void end(void *state) {
    struct rig *rig = state;
    for (uint32_t i = 0; i < rig->count; i++)
        close(rig->fds[i]);
    close(rig->epoll);
    free(rig);
}

static nsec run_turns(void *state, uint64_t units, uint64_t *units_done_out) {
    struct rig *rig = state;
    struct epoll_event events[EVENTS_MAX];
    nsec from = cpu_now();
    for (uint64_t i = 0; i < units; i++)
        CHECK(epoll_wait(rig->epoll, events, EVENTS_MAX, 0) >= 0);
    *units_done_out = units;
    return cpu_now() - from;
}

static nsec run_clock(void *state, uint64_t units, uint64_t *units_done_out) {
    nsec from = cpu_now(), last = 0;
    (void)state;
    for (uint64_t i = 0; i < units; i++)
        last = nsec_max(last, monotonic_read());
    *units_done_out = units;
    return cpu_now() - from + (last == 0);
}

static const struct primitive all[] = {
    {"loop_turn", "", "events", 0, "turn", begin, run_turns, end},
    {"loop_turn", "", "events", 1, "turn", begin, run_turns, end},
    {"loop_turn", "", "events", 64, "turn", begin, run_turns, end},
    {"clock", "", "", 0, "call", begin, run_clock, end},
};

struct primitive_list primitive_loop(void) {
    return (struct primitive_list){all, sizeof all / sizeof all[0]};
}
