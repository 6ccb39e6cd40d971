/* limit_sockets - receiving and sending for the back ends that call recv and send themselves: one large recv into a buffer that
 * all links share, one send of all that a link has.
 *
 * Memory: of a link, what is left of an unfinished record, and what a short send has left over.
 * Owner and thread: the measured thread. */
#ifndef LOOM_LIMIT_LIMIT_SOCKETS_H
#define LOOM_LIMIT_LIMIT_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "limit/limit_relay.h"

#define LIMIT_RECEIVE_ROOM ((size_t)256 * 1024)

struct limit_socket {
    int fd;
    uint32_t rest_length;
    uint8_t *rest, *unsent;
    size_t unsent_from, unsent_length;
};

struct limit_sockets {
    struct limit_relay *relay;
    struct limit_socket *sockets;
    uint32_t count;
    struct limit_output output;
    /* A link wants to be told when it can be written, or no longer. */
    void (*want_writable)(void *context, uint32_t link, bool is_wanted);
    void *context;
    bool is_broken;
    uint8_t in[LIMIT_RECORD_MAX + LIMIT_RECEIVE_ROOM];
    uint8_t out[LIMIT_SEND_ROOM];
};

/* Becomes the relay's output. */
MUST_USE struct limit_sockets *limit_sockets_new(struct limit_relay *relay, const int *fds, uint32_t count,
                                                 void (*want_writable)(void *, uint32_t, bool),
                                                 void *context);
void limit_sockets_free(struct limit_sockets *sockets);
/* The link is readable, or writable again. What goes wrong is kept in is_broken. */
void limit_sockets_readable(struct limit_sockets *sockets, uint32_t link);
void limit_sockets_writable(struct limit_sockets *sockets, uint32_t link);

#endif
