/* listener - the OR ports: accepts connections on the main thread and hands them on.
 *
 * Owner and thread: the main thread. Bound: LISTENER_ACCEPTS_MAX accepts an event; without file descriptors it rests for
 * a second instead of spinning. */
#ifndef LOOM_NATIVE_LISTENER_H
#define LOOM_NATIVE_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "native/config.h"

#define LISTENER_ACCEPTS_MAX 64u

struct event;
struct event_base;

struct listener {
    int fd;
    uint32_t index;     /* of the port that it was opened for */
    struct endpoint at; /* where it is bound: a port 0 has become one that was free */
    struct event *event;
    struct event *rest; /* ends a rest, or tries to resume */
    bool is_resting;    /* not listening */
    struct listeners *all;
};

struct listeners {
    struct listener each[CONFIG_PORTS_MAX];
    uint32_t count;
    /* A connection; hands over fd, which is non-blocking. */
    void (*accepted)(void *context, int fd, const struct endpoint *peer);
    void *context;
};

/* Bind and listen on the ports that say so; option ("ORPort") is for complaints and log lines. Nothing is accepted yet. False with a
 * complaint and nothing open. */
MUST_USE bool listeners_open(struct listeners *listeners, const char *option, const struct config_port *ports,
                             uint32_t count, struct complaint *complaint);
/* Accept from now on. */
void listeners_start(struct listeners *listeners, struct event_base *base,
                     void (*accepted)(void *context, int fd, const struct endpoint *peer), void *context);
/* Refuse connections for a while: what the kernel has accepted is reset, but the port stays ours, whoever we have become. Once started. */
void listeners_rest(struct listeners *listeners);
/* And accept them again; when that fails it is tried each second, with a warning. */
void listeners_resume(struct listeners *listeners);
void listeners_close(struct listeners *listeners);

#endif
