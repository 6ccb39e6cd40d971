#include "limit/limit_bufferevent.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "limit/limit_loop.h"
#include "limit/limit_relay.h"
#include "native/heap.h"

#define READ_MAX ((size_t)256 * 1024) /* at a time, if libevent would: it reads 4 kB however much there is */

struct buffered_link {
    struct buffered_state *state;
    struct bufferevent *event;
    struct evbuffer_iovec room;
    uint32_t number;
};

struct buffered_state {
    struct event_base *base;
    struct limit_relay *relay;
    struct buffered_link *links;
    struct limit_output output;
    bool is_broken;
};

static void on_readable(struct bufferevent *event, void *argument) {
    const struct buffered_link *link = argument;
    struct evbuffer *input = bufferevent_get_input(event);
    size_t length = evbuffer_get_length(input);
    const uint8_t *bytes = evbuffer_pullup(input, -1);
    size_t used = limit_relay_receive(link->state->relay, link->number, bytes, length);
    if (used == SIZE_MAX)
        link->state->is_broken = true;
    else
        evbuffer_drain(input, used);
}

static void on_event(struct bufferevent *event, short what, void *argument) {
    (void)event;
    (void)what;
    ((const struct buffered_link *)argument)->state->is_broken = true;
}

static void on_timer(evutil_socket_t fd, short what, void *argument) {
    (void)fd;
    (void)what;
    (void)argument;
}

static struct evbuffer *output_of(void *context, uint32_t link) {
    return bufferevent_get_output(((struct buffered_state *)context)->links[link].event);
}

static bool can_write(void *context, uint32_t link) {
    return evbuffer_get_length(output_of(context, link)) < LIMIT_SEND_ROOM;
}

static uint8_t *reserve(void *context, uint32_t link, size_t length) {
    struct evbuffer_iovec *room = &((struct buffered_state *)context)->links[link].room;
    CHECK(evbuffer_reserve_space(output_of(context, link), (ev_ssize_t)length, room, 1) == 1);
    return room->iov_base;
}

static void commit(void *context, uint32_t link, size_t length) {
    struct evbuffer_iovec *room = &((struct buffered_state *)context)->links[link].room;
    room->iov_len = length;
    CHECK(evbuffer_commit_space(output_of(context, link), room, 1) == 0);
}

static void make(struct buffered_state *state, const struct limit_loop *loop) {
    *state = (struct buffered_state){.base = event_base_new(), .relay = loop->relay};
    CHECK(state->base);
    state->output = (struct limit_output){can_write, reserve, commit, state};
    loop->relay->output = &state->output;
    state->links = heap_new(loop->links * sizeof *state->links);
    for (uint32_t i = 0; i < loop->links; i++) {
        struct buffered_link *link = &state->links[i];
        *link = (struct buffered_link){.state = state, .number = i};
        link->event = bufferevent_socket_new(state->base, loop->fds[i], 0);
        CHECK(link->event);
        CHECK(bufferevent_set_max_single_read(link->event, READ_MAX) == 0);
        CHECK(bufferevent_set_max_single_write(link->event, LIMIT_SEND_ROOM) == 0);
        bufferevent_setcb(link->event, on_readable, NULL, on_event, link);
        CHECK(bufferevent_enable(link->event, EV_READ | EV_WRITE) == 0);
    }
}

bool limit_bufferevent_run(const struct limit_loop *loop) {
    struct buffered_state state;
    const struct timeval wait = {0, LIMIT_WAIT_MS * 1000};
    make(&state, loop);
    struct event *timer = event_new(state.base, -1, EV_PERSIST, on_timer, NULL);
    CHECK(timer && event_add(timer, &wait) == 0);
    while (!atomic_load_explicit(loop->is_over, memory_order_relaxed) && !state.is_broken) {
        event_base_loop(state.base, EVLOOP_ONCE);
        limit_relay_flush(loop->relay);
    }
    event_free(timer);
    for (uint32_t i = 0; i < loop->links; i++)
        bufferevent_free(state.links[i].event);
    free(state.links);
    event_base_free(state.base);
    return !state.is_broken;
}
