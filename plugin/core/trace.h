/* trace - one line of what happened at a station, for golden traces and result files.
 *
 * A trace never shows body bytes, keys or digests, so real and symbolic crypto leave the same one. */
#ifndef LOOM_CORE_TRACE_H
#define LOOM_CORE_TRACE_H

#include <stdint.h>

#include "base/ids.h"

#define TRACE_LIST(X)                                                                                        \
    X(LINK_OPENED, "link-opened")       /* link; detail: link version */                                     \
    X(LINK_CLOSED, "link-closed")       /* link; detail: enum err */                                         \
    X(LINK_LEAVES, "link-leaves")       /* link; count: circuits; detail: the station that it moves to */    \
    X(LINK_ARRIVES, "link-arrives")     /* link; count: circuits; detail: the station that it comes from */  \
    X(LINK_STAYS, "link-stays")         /* link; detail: enum stay_reason */                                 \
    X(LINK_DIAL, "link-dial")           /* link */                                                           \
    X(CELLS_IN, "cells-in")             /* link, circ, command, count */                                     \
    X(CELLS_OUT, "cells-out")           /* link, circ, command, count */                                     \
    X(CIRCUIT_CREATE, "circuit-create") /* link, circ; detail: handshake type */                             \
    X(CIRCUIT_OPEN, "circuit-open")     /* link, circ */                                                     \
    X(CIRCUIT_EXTEND, "circuit-extend") /* link, circ */                                                     \
    X(CIRCUIT_ATTACH, "circuit-attach") /* link, circ: the half away from the origin */                      \
    X(CIRCUIT_CLOSE, "circuit-close")   /* link, circ; detail: reason */                                     \
    X(CIRCUIT_JOIN, "circuit-join")     /* link, circ: a rendezvous; at both halves */                       \
    X(RELAY_IN, "relay-in")   /* link, circ, command = relay command, count = data length; detail: stream */ \
    X(RELAY_OUT, "relay-out") /* link, circ, command = relay command, count = data length; detail: stream */ \
    X(EDGE_OPEN, "edge-open") /* detail: port */                                                             \
    X(EDGE_CONNECTED, "edge-connected")                                                                      \
    X(EDGE_CLOSE, "edge-close") /* detail: reason */

enum trace_kind {
#define X(name, text) TRACE_##name,
    TRACE_LIST(X)
#undef X
};

struct trace_event {
    enum trace_kind kind;
    link_id link;
    uint32_t circ_id;
    uint32_t count;
    uint32_t detail;
    uint8_t command;
};

/* "circuit-create"; never NULL. */
const char *trace_kind_name(enum trace_kind kind);

#endif
