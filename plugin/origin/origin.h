/* origin - the beginnings of circuits: what a client, a load generator or a self test does in the Tor network.
 *
 * An origin has links (origin_link.h), those have circuits, and those have streams (origin_circuit.h). Path selection,
 * guards and build timeouts are the user's. Like the core it is free of I/O: bytes or cells come in and are taken out,
 * time comes in as now.
 * What happens is told by origin_next_event: call it until it returns false after every call that brought input. Events
 * of one object come in the order in which things happened to it. The user may call anything between two events.
 * Owner and thread: one. Bound: the maxima of origin_config. */
#ifndef LOOM_ORIGIN_ORIGIN_H
#define LOOM_ORIGIN_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/nsec.h"
#include "base/work.h"
#include "origin/origin_circuit.h"
#include "origin/origin_context.h"
#include "origin/origin_link.h"
#include "origin/origin_onion.h"
#include "origin/origin_stream.h"

#define ORIGIN_EVENT_LIST(X)                                                                             \
    X(LINK_OPENED, "link-opened")             /* link */                                                 \
    X(LINK_CLOSED, "link-closed")             /* link, error */                                          \
    X(CIRCUIT_OPENED, "circuit-opened")       /* circuit: the first hop has answered */                  \
    X(CIRCUIT_EXTENDED, "circuit-extended")   /* circuit: one hop more */                                \
    X(CIRCUIT_LINKED, "circuit-linked")       /* circuit: a leg of its set */                            \
    X(CIRCUIT_MESSAGE, "circuit-message")     /* circuit, command, data: of onion services */            \
    X(CIRCUIT_TRUNCATED, "circuit-truncated") /* circuit, reason: hops are gone or could not be added */ \
    X(CIRCUIT_CLOSED, "circuit-closed")       /* circuit, reason, error */                               \
    X(STREAM_CONNECTED, "stream-connected")   /* circuit, stream; stream->destination */                 \
    X(STREAM_DATA, "stream-data")             /* circuit, stream, data */                                \
    X(STREAM_WRITABLE, "stream-writable")     /* circuit, stream: there is room again */                 \
    X(STREAM_ENDED, "stream-ended")           /* circuit, stream, reason */

enum origin_event_kind {
#define X(name, text) ORIGIN_EVENT_##name,
    ORIGIN_EVENT_LIST(X)
#undef X
};

struct origin_event {
    enum origin_event_kind kind;
    struct origin_link *link; /* each is NULL where it does not apply */
    struct origin_circuit *circuit;
    struct origin_stream *stream;
    struct span data; /* valid until the next call of origin_next_event */
    uint8_t command;  /* enum relay_command of a message */
    uint8_t reason;   /* enum destroy_reason, or enum end_reason of a stream */
    enum err error;   /* ERR_OK: the peer, the network or the user did it */
};

/* Sensible values for everything but memory, crypt and seed: those of one client. */
void origin_config_default(struct origin_config *config_out);
/* Copies config. NULL without memory. */
MUST_USE struct origin *origin_new(const struct origin_config *config);
/* Every link has been freed. NULL is fine. */
void origin_free(struct origin *o);
/* Give back the memory of kinds of objects (cells, streams, ...) of which there is none. For a user who pauses. */
void origin_trim(struct origin *o);

/* The next thing that has happened; false when there is none. */
MUST_USE bool origin_next_event(struct origin *o, nsec now, struct origin_event *event_out);
/* "circuit-opened"; never NULL. */
const char *origin_event_name(enum origin_event_kind kind);

const struct work *origin_work(const struct origin *o);

#endif
