/* edge_shared - what an exit stream is made of, and what those of one thread share.
 *
 * Owner and thread: one event thread. */
#ifndef LOOM_NATIVE_EDGE_SHARED_H
#define LOOM_NATIVE_EDGE_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "wire/address.h"
#include "wire/stream_messages.h"

struct edge_hub;
struct event;
struct event_base;
struct evdns_base;
struct exit_policy;
struct manager;
struct turn_clock;

#define EDGE_CONNECT_NS (20 * NSEC_PER_S)
#define EDGE_READ_ROOM  ((size_t)64 * 1024)
#define EDGE_READ_TURN  ((size_t)256 * 1024) /* of one edge in one turn */
#define EDGE_SPANS_MAX  64u

struct edge_hub {
    struct event_base *base;
    struct manager *manager;
    struct turn_clock *clock;
    const struct exit_policy *policy;
    bool ipv6_exit;
    struct evdns_base *dns; /* made for the first name */
    uint8_t *received;      /* EDGE_READ_ROOM; made for the first edge */
    struct table by_id;
    struct list young;   /* not yet open, longest first */
    struct list changed; /* something was asked for */
    struct list lookups; /* names that evdns works on */
};

/* A name that evdns works on. It outlives its edge, because a request cannot be called back at once. */
struct lookup {
    struct list node;
    struct exit_edge *edge; /* NULL: nobody wants the answer any more */
};

struct exit_edge {
    struct edge_hub *hub;
    edge_id id;
    struct begin_message to;
    struct endpoint destination;
    struct lookup *lookup;
    int fd;
    bool is_begun, is_open, is_reading, is_closed;
    bool wants_write;
    struct event *read_event, *write_event;
    struct list age_node; /* young, in the order of since */
    struct list change_node;
    nsec since;
};

#endif
