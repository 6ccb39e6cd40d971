#include "native/exit_edge.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "native/edge_shared.h"
#include "native/heap.h"
#include "native/pacing.h"
#include "native/socket_address.h"
#include "native/turn_clock.h"
#include "wire/stream_messages.h"

static void on_readable(evutil_socket_t fd, short what, void *argument);
static void on_writable(evutil_socket_t fd, short what, void *argument);

/* --- life ------------------------------------------------------------------------------------------------------- */

struct exit_edge *exit_edge_new(struct edge_hub *hub, edge_id id, const struct endpoint *to) {
    struct exit_edge *edge = heap_new(sizeof *edge);
    if (hub->received == NULL)
        hub->received = heap_new(EDGE_READ_ROOM);
    edge->hub = hub;
    edge->id = id;
    edge->destination = *to;
    edge->fd = -1;
    edge->is_reading = true;
    edge->since = turn_clock_now(hub->clock);
    list_init(&edge->age_node);
    list_init(&edge->change_node);
    list_append(&hub->young, &edge->age_node);
    list_append(&hub->changed, &edge->change_node);
    CHECK(table_set(&hub->by_id, id, edge) == ERR_OK);
    return edge;
}

void exit_edge_free(struct exit_edge *edge) {
    (void)table_remove(&edge->hub->by_id, edge->id);
    list_remove(&edge->age_node);
    list_remove(&edge->change_node);
    if (edge->fd >= 0) {
        event_free(edge->read_event);
        event_free(edge->write_event);
        close(edge->fd);
    }
    free(edge);
}

/* End the edge and tell the manager why. */
void exit_edge_end(struct exit_edge *edge, uint8_t reason) {
    struct edge_hub *hub = edge->hub;
    edge_id id = edge->id;
    bool is_known = !edge->is_closed;
    exit_edge_free(edge);
    if (is_known)
        manager_edge_closed(hub->manager, turn_clock_now(hub->clock), id, reason);
}

static uint8_t reason_of(int failure) {
    switch (failure) {
    case ECONNREFUSED: return END_CONNECTREFUSED;
    case ETIMEDOUT: return END_TIMEOUT;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EACCES:
    case EPERM: return END_NOROUTE;
    case ECONNRESET:
    case EPIPE: return END_CONNRESET;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL: return END_RESOURCELIMIT;
    default: return END_MISC;
    }
}

/* --- connecting ------------------------------------------------------------------------------------------------- */

/* Clients may open as many streams as they like, but the last descriptors are for links, listeners, files and name
 * servers. A new descriptor has the lowest number that is free: it says how many are in use. */
static bool is_spared(int fd) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    return (rlim_t)fd >= limit.rlim_cur - limit.rlim_cur / EDGE_FILES_SPARED;
}

static int connect_within_limit(const struct endpoint *to) {
    int fd = socket_connect(to);
    if (fd < 0 || !is_spared(fd))
        return fd;
    close(fd);
    errno = EMFILE;
    return -1;
}

static void edge_connect(struct exit_edge *edge) {
    edge->is_begun = true;
    edge->fd = connect_within_limit(&edge->destination);
    if (edge->fd < 0) {
        exit_edge_end(edge, reason_of(errno));
        return;
    }
    struct event_base *base = edge->hub->base;
    edge->read_event = event_new(base, edge->fd, EV_READ | EV_PERSIST, on_readable, edge);
    edge->write_event = event_new(base, edge->fd, EV_WRITE | EV_PERSIST, on_writable, edge);
    CHECK(edge->read_event != NULL && edge->write_event != NULL);
    event_add(edge->write_event, NULL);
}

static void finish_connect(struct exit_edge *edge) {
    struct edge_hub *hub = edge->hub;
    int failure = 0;
    socklen_t length = sizeof failure;
    if (getsockopt(edge->fd, SOL_SOCKET, SO_ERROR, &failure, &length) != 0)
        failure = errno;
    if (failure != 0) {
        exit_edge_end(edge, reason_of(failure));
        return;
    }
    event_del(edge->write_event);
    edge->is_open = true;
    list_remove(&edge->age_node);
    if (edge->is_reading)
        event_add(edge->read_event, NULL);
    manager_edge_connected(hub->manager, turn_clock_now(hub->clock), edge->id, &edge->destination.address);
}

/* --- bytes ------------------------------------------------------------------------------------------------------ */

static void on_readable(evutil_socket_t fd, short what, void *argument) {
    struct exit_edge *edge = argument;
    struct edge_hub *hub = edge->hub;
    (void)what;
    for (size_t budget = EDGE_READ_TURN; budget != 0 && !edge->is_closed && edge->is_reading;) {
        size_t room = manager_edge_room(hub->manager, edge->id);
        size_t asked = room < EDGE_READ_ROOM ? room : EDGE_READ_ROOM;
        if (room == 0) {
            event_del(edge->read_event); /* until the port asks for it again */
            edge->is_reading = false;
            return;
        }
        ssize_t length = recv(fd, hub->received, asked, 0);
        hub->work->edge_reads++;
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (length <= 0) {
            exit_edge_end(edge, length == 0 ? END_DONE : reason_of(errno));
            return;
        }
        manager_edge_receive(hub->manager, turn_clock_now(hub->clock), edge->id, hub->received,
                             (size_t)length);
        if ((size_t)length < asked)
            return;
        budget -= (size_t)length < budget ? (size_t)length : budget;
    }
}

/* sendmsg only reads, but its type says otherwise. */
static struct iovec piece_of(const struct span *span) {
    struct iovec piece = {.iov_len = span->length};
    memcpy(&piece.iov_base, &span->data, sizeof piece.iov_base);
    return piece;
}

/* Send what the manager has, until it or the socket's room is used up. May end the edge. */
static void edge_write(struct exit_edge *edge) {
    struct edge_hub *hub = edge->hub;
    struct span spans[EDGE_SPANS_MAX];
    struct iovec pieces[EDGE_SPANS_MAX];
    for (;;) {
        size_t total = 0;
        uint32_t count = manager_edge_take(hub->manager, edge->id, spans, EDGE_SPANS_MAX);
        for (uint32_t i = 0; i < count; i++) {
            pieces[i] = piece_of(&spans[i]);
            total += spans[i].length;
        }
        if (total == 0) {
            event_del(edge->write_event);
            return;
        }
        struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
        pacer_settle(hub->pacer);
        ssize_t sent = sendmsg(edge->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        hub->work->edge_writes++;
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            exit_edge_end(edge, reason_of(errno));
            return;
        }
        if (sent > 0)
            manager_edge_wrote(hub->manager, turn_clock_now(hub->clock), edge->id, (size_t)sent);
        if (sent < 0 || (size_t)sent < total) {
            event_add(edge->write_event, NULL);
            return;
        }
        if (edge->is_closed)
            return;
    }
}

static void on_writable(evutil_socket_t fd, short what, void *argument) {
    struct exit_edge *edge = argument;
    (void)fd;
    (void)what;
    if (edge->is_closed)
        return;
    if (!edge->is_open)
        finish_connect(edge);
    else
        edge_write(edge);
}

void exit_edge_carry_out(struct exit_edge *edge) {
    bool wants_write = edge->wants_write;
    edge->wants_write = false;
    if (edge->is_closed) {
        exit_edge_free(edge);
    } else if (!edge->is_begun) {
        edge_connect(edge);
    } else if (edge->is_open) {
        if (edge->is_reading)
            event_add(edge->read_event, NULL);
        else
            event_del(edge->read_event);
        if (wants_write)
            edge_write(edge);
    }
}
