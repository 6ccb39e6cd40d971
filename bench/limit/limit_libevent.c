#include "limit/limit_libevent.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "limit/limit_loop.h"
#include "limit/limit_sockets.h"
#include "native/heap.h"

struct libevent_link {
    struct libevent_state *state;
    struct event *readable, *writable;
    uint32_t number;
};

struct libevent_state {
    struct event_base *base;
    struct limit_sockets *sockets;
    struct libevent_link *links;
};

static void on_readable(evutil_socket_t fd, short what, void *argument) {
    const struct libevent_link *link = argument;
    (void)fd;
    (void)what;
    limit_sockets_readable(link->state->sockets, link->number);
}

static void on_writable(evutil_socket_t fd, short what, void *argument) {
    const struct libevent_link *link = argument;
    (void)fd;
    (void)what;
    limit_sockets_writable(link->state->sockets, link->number);
}

static void on_timer(evutil_socket_t fd, short what, void *argument) {
    (void)fd;
    (void)what;
    (void)argument;
}

static void want_writable(void *context, uint32_t link, bool is_wanted) {
    struct event *event = ((struct libevent_state *)context)->links[link].writable;
    CHECK((is_wanted ? event_add(event, NULL) : event_del(event)) == 0);
}

static void make(struct libevent_state *state, const struct limit_loop *loop) {
    state->base = event_base_new();
    CHECK(state->base);
    state->links = heap_new(loop->links * sizeof *state->links);
    state->sockets = limit_sockets_new(loop->relay, loop->fds, loop->links, want_writable, state);
    for (uint32_t i = 0; i < loop->links; i++) {
        struct libevent_link *link = &state->links[i];
        link->state = state;
        link->number = i;
        link->readable = event_new(state->base, loop->fds[i], EV_READ | EV_PERSIST, on_readable, link);
        link->writable = event_new(state->base, loop->fds[i], EV_WRITE | EV_PERSIST, on_writable, link);
        CHECK(link->readable && link->writable && event_add(link->readable, NULL) == 0);
    }
}

static void drop(struct libevent_state *state, uint32_t links) {
    for (uint32_t i = 0; i < links; i++) {
        event_free(state->links[i].readable);
        event_free(state->links[i].writable);
    }
    limit_sockets_free(state->sockets);
    free(state->links);
    event_base_free(state->base);
}

bool limit_libevent_run(const struct limit_loop *loop) {
    struct libevent_state state;
    const struct timeval wait = {0, LIMIT_WAIT_MS * 1000};
    make(&state, loop);
    struct event *timer = event_new(state.base, -1, EV_PERSIST, on_timer, NULL);
    CHECK(timer && event_add(timer, &wait) == 0);
    while (!atomic_load_explicit(loop->is_over, memory_order_relaxed) && !state.sockets->is_broken) {
        event_base_loop(state.base, EVLOOP_ONCE);
        limit_relay_flush(loop->relay);
    }
    bool is_well = !state.sockets->is_broken;
    event_free(timer);
    drop(&state, loop->links);
    return is_well;
}
