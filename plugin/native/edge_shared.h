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

struct edge_hub;
struct event;
struct event_base;
struct manager;
struct pacer;
struct turn_clock;
struct work;

#define EDGE_CONNECT_NS   (20 * NSEC_PER_S)
#define EDGE_READ_ROOM    ((size_t)64 * 1024)
#define EDGE_READ_TURN    ((size_t)256 * 1024) /* of one edge in one turn */
#define EDGE_SPANS_MAX    64u
#define EDGE_FILES_SPARED 8u /* of the descriptors that we may open, one in so many is not for edges */

struct edge_hub {
    struct event_base *base;
    struct manager *manager;
    struct work *work; /* the manager's */
    struct turn_clock *clock;
    struct pacer *pacer; /* borrowed; NULL: none */
    uint8_t *received;   /* EDGE_READ_ROOM; made for the first edge */
    struct table by_id;
    struct list young;   /* not yet open, longest first */
    struct list changed; /* something was asked for */
};

struct exit_edge {
    struct edge_hub *hub;
    edge_id id;
    struct endpoint destination;
    int fd;
    bool is_begun, is_open, is_reading, is_closed;
    bool wants_write;
    struct event *read_event, *write_event;
    struct list age_node; /* young, in the order of since */
    struct list change_node;
    nsec since;
};

#endif
