#include "native/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "native/log.h"
#include "native/socket_address.h"

/* -1 with errno. */
static int open_socket(const struct endpoint *at) {
    struct sockaddr_storage address;
    socklen_t length = socket_address_from(at, &address);
    int one = 1;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (address.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)&address, length) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* Where fd is bound. */
static struct endpoint bound_at(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct endpoint at;
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    CHECK(socket_address_to((const struct sockaddr *)&address, &at));
    return at;
}

bool listeners_open(struct listeners *listeners, const char *option, const struct config_port *ports,
                    uint32_t count, struct complaint *complaint) {
    CHECK(count <= CONFIG_PORTS_MAX);
    memset(listeners, 0, sizeof *listeners);
    for (uint32_t i = 0; i < count; i++) {
        char text[ENDPOINT_TEXT_MAX];
        endpoint_format(&ports[i].endpoint, text);
        int fd = ports[i].listen ? open_socket(&ports[i].endpoint) : -1;
        if (fd >= 0) {
            struct endpoint at = bound_at(fd);
            endpoint_format(&at, text);
            log_notice("Opened %s listener on %s", option, text);
            listeners->each[listeners->count++] =
                (struct listener){.fd = fd, .index = i, .at = at, .all = listeners};
        } else if (ports[i].listen && !ports[i].is_optional) {
            complain(complaint, "%s: expected an address of this machine and a free port, got %s: %s", option,
                     text, strerror(errno));
            if (ports[i].place)
                complaint_prefix(complaint, "%s: ", ports[i].place);
            listeners_close(listeners);
            return false;
        }
    }
    return true;
}

static void take_rest(struct listener *listener) {
    const struct timeval second = {.tv_sec = 1};
    log_warn("accepting connections failed: %s; resting for a second", strerror(errno));
    event_del(listener->event);
    event_add(listener->rest, &second);
}

/* Errors of the one connection that was about to be accepted (accept(2)), not of ours. */
static bool is_passing(int error) {
    return error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN ||
           error == EHOSTDOWN || error == EHOSTUNREACH || error == ENETUNREACH || error == EPERM;
}

static void on_connection(evutil_socket_t fd, short what, void *argument) {
    struct listener *listener = argument;
    (void)what;
    for (unsigned i = 0; i < LISTENER_ACCEPTS_MAX && listener->fd >= 0; i++) {
        struct sockaddr_storage address;
        struct endpoint peer;
        socklen_t length = sizeof address;
        int accepted = accept4(fd, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) {
            if (errno != EAGAIN && !is_passing(errno))
                take_rest(listener);
            return;
        }
        if (!socket_address_to((const struct sockaddr *)&address, &peer)) {
            close(accepted);
            continue;
        }
        socket_send_at_once(accepted);
        listener->all->accepted(listener->all->context, accepted, &peer);
    }
}

/* --- resting -------------------------------------------------------------------------------------------------------- */

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
    return a->port == b->port && address_equal(&a->address, &b->address);
}

/* A socket that was bound to a port by its number still is, also if we could not bind it any more; one that the system chose must be
 * taken anew. */
static bool listen_again(struct listener *listener) {
    if (listen(listener->fd, SOMAXCONN) == 0) {
        struct endpoint at = bound_at(listener->fd);
        if (endpoint_equal(&at, &listener->at))
            return true;
    }
    close(listener->fd);
    listener->fd = open_socket(&listener->at);
    return listener->fd >= 0;
}

static void resume(struct listener *listener) {
    const struct timeval second = {.tv_sec = 1};
    struct event_base *base = event_get_base(listener->rest);
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&listener->at, text);
    if (!listen_again(listener)) {
        log_warn("cannot listen on %s again: %s", text, strerror(errno));
        event_add(listener->rest, &second);
        return;
    }
    log_notice("Opened listener on %s again", text);
    listener->is_resting = false;
    event_assign(listener->event, base, listener->fd, EV_READ | EV_PERSIST, on_connection, listener);
    event_add(listener->event, NULL);
}

static void on_rested(evutil_socket_t fd, short what, void *argument) {
    struct listener *listener = argument;
    (void)fd;
    (void)what;
    if (listener->is_resting)
        resume(listener);
    else
        event_add(listener->event, NULL);
}

void listeners_rest(struct listeners *listeners) {
    for (uint32_t i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->each[i];
        event_del(listener->event);
        event_del(listener->rest);
        if (!listener->is_resting)
            (void)shutdown(listener->fd, SHUT_RD); /* of a listening socket: it stops to listen */
        listener->is_resting = true;
    }
}

void listeners_resume(struct listeners *listeners) {
    for (uint32_t i = 0; i < listeners->count; i++)
        if (listeners->each[i].is_resting)
            resume(&listeners->each[i]);
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

void listeners_start(struct listeners *listeners, struct event_base *base,
                     void (*accepted)(void *context, int fd, const struct endpoint *peer), void *context) {
    listeners->accepted = accepted;
    listeners->context = context;
    for (uint32_t i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->each[i];
        listener->event = event_new(base, listener->fd, EV_READ | EV_PERSIST, on_connection, listener);
        listener->rest = event_new(base, -1, 0, on_rested, listener);
        CHECK(listener->event != NULL && listener->rest != NULL);
        event_add(listener->event, NULL);
    }
}

void listeners_close(struct listeners *listeners) {
    for (uint32_t i = 0; i < listeners->count; i++) {
        struct listener *listener = &listeners->each[i];
        if (listener->event != NULL)
            event_free(listener->event);
        if (listener->rest != NULL)
            event_free(listener->rest);
        if (listener->fd >= 0)
            close(listener->fd);
        listener->fd = -1;
    }
    listeners->count = 0;
}
