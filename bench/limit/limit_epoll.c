#include "limit/limit_epoll.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "base/check.h"
#include "limit/limit_loop.h"
#include "limit/limit_sockets.h"

#define EVENTS_A_TURN \
    128u /* links read before what they brought is sent: more no longer makes fuller records */

struct epoll_state {
    int epoll;
    const int *fds;
};

static void change(const struct epoll_state *state, int operation, uint32_t link, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = link};
    CHECK(epoll_ctl(state->epoll, operation, state->fds[link], &event) == 0);
}

static void want_writable(void *context, uint32_t link, bool is_wanted) {
    change(context, EPOLL_CTL_MOD, link, is_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void turn(const struct epoll_state *state, struct limit_sockets *sockets) {
    struct epoll_event events[EVENTS_A_TURN];
    int n = epoll_wait(state->epoll, events, EVENTS_A_TURN, LIMIT_WAIT_MS);
    for (int i = 0; i < n; i++) {
        if (events[i].events & EPOLLOUT)
            limit_sockets_writable(sockets, events[i].data.u32);
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            limit_sockets_readable(sockets, events[i].data.u32);
    }
    limit_relay_flush(sockets->relay);
}

bool limit_epoll_run(const struct limit_loop *loop) {
    struct epoll_state state = {epoll_create1(EPOLL_CLOEXEC), loop->fds};
    CHECK(state.epoll >= 0);
    struct limit_sockets *sockets =
        limit_sockets_new(loop->relay, loop->fds, loop->links, want_writable, &state);
    for (uint32_t i = 0; i < loop->links; i++)
        change(&state, EPOLL_CTL_ADD, i, EPOLLIN);
    while (!atomic_load_explicit(loop->is_over, memory_order_relaxed) && !sockets->is_broken)
        turn(&state, sockets);
    bool is_well = !sockets->is_broken;
    limit_sockets_free(sockets);
    close(state.epoll);
    return is_well;
}
