/* origin_circuit - a circuit as its origin sees it: hops added one by one, streams on the last hop, and flow control.
 *
 * CREATE2 or CREATE_FAST to the first hop, EXTEND2 in RELAY_EARLY to the others (tor-spec 5.1, 5.6: at most 8); circuit
 * SENDMEs of version 1 are sent and checked (7.3.1). Nothing calls the user: news is told by origin_next_event.
 * What the peers do wrong closes the stream if the stream is to blame, otherwise the circuit.
 *
 * Owner: its link's thread. Memory: slab objects; a pointer is the user's until origin_circuit_free, whatever happens to
 * the circuit, and a closed circuit takes all calls and does nothing.
 * Bound: ORIGIN_HOPS_MAX hops, ORIGIN_STREAMS_MAX streams, queue_cells_max unsent cells with data, ORIGIN_MESSAGES_MAX
 * messages that the user has not heard yet: then the circuit is closed. */
#ifndef LOOM_ORIGIN_ORIGIN_CIRCUIT_H
#define LOOM_ORIGIN_ORIGIN_CIRCUIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "core/cell_pool.h"
#include "crypt/ntor.h"
#include "origin/origin_conflux.h"
#include "origin/origin_context.h"
#include "origin/origin_handshake.h"
#include "origin/origin_path.h"
#include "origin/origin_stream.h"
#include "wire/cell.h"
#include "wire/circuit_messages.h"
#include "wire/relay_cell.h"
#include "wire/stream_messages.h"

#define ORIGIN_EARLY_MAX   8u   /* RELAY_EARLY cells that a circuit may carry (tor-spec 5.6) */
#define ORIGIN_STREAMS_MAX 256u /* of a circuit: they are found by walking a list */
#define ORIGIN_MESSAGES_MAX \
    256u /* untold: each event is told before more comes in, so these are one input's */

/* The part of a link that its circuits know. */
struct origin_outlet {
    struct table by_id;   /* circuits by circuit id, until their DESTROY is sent or has come */
    struct list circuits; /* all */
    struct list writable; /* paths of those with cells to send */
};

enum origin_circuit_state {
    ORIGIN_CIRCUIT_BUILDING, /* CREATED2 or EXTENDED2 is awaited */
    ORIGIN_CIRCUIT_OPEN,
    ORIGIN_CIRCUIT_TRUNCATING, /* TRUNCATED is awaited: nothing is sent, nobody would be there to recognize it */
    ORIGIN_CIRCUIT_CLOSED,
};

/* News, in the order in which they are told. */
enum origin_circuit_news {
    ORIGIN_CIRCUIT_NEWS_OPENED = 1, /* the first hop is there */
    ORIGIN_CIRCUIT_NEWS_EXTENDED = 2,
    ORIGIN_CIRCUIT_NEWS_LINKED = 4,     /* as a leg of its set */
    ORIGIN_CIRCUIT_NEWS_MESSAGE = 8,    /* of onion services: origin_onion.h */
    ORIGIN_CIRCUIT_NEWS_TRUNCATED = 16, /* hops are gone, or could not be added */
    ORIGIN_CIRCUIT_NEWS_CLOSED = 32,
};

struct origin_circuit {
    struct origin_path path; /* hops, and the queue for the link */
    struct list entry;       /* in outlet->circuits */
    struct origin_ready ready;
    struct origin *origin;
    struct origin_outlet *outlet;
    void *user;                         /* the user's own */
    struct origin_handshake *handshake; /* while building */
    struct cell_run messages;           /* of onion services, for the user */
    struct origin_conflux *set;         /* NULL: no leg of any */
    struct list streams;
    struct origin_stream *stream_recent; /* cells of one stream come in runs */
    uint16_t stream_count;
    uint16_t stream_next;
    uint8_t early_left;
    uint8_t leg_number; /* in its set */
    uint8_t state;      /* enum origin_circuit_state */
    uint8_t reason;     /* enum destroy_reason of the truncation or the end */
    uint8_t error;      /* enum err that closed it; ERR_OK when the peer or the user did */
    bool owes_destroy;
    bool is_freed; /* by the user, but DESTROY is still to be sent */
};

/* --- the user's side ------------------------------------------------------------------------------------------- */

/* Begin a circuit over the link that outlet belongs to. NULL at a bound or without memory. */
MUST_USE struct origin_circuit *origin_circuit_new(struct origin *o, struct origin_outlet *outlet, nsec now,
                                                   const struct origin_target *first);
/* Close the circuit with reason unless it is closed; the pointer and those to its streams become invalid. */
void origin_circuit_free(struct origin_circuit *c, nsec now, uint8_t reason);

/* Add a hop. ERR_REFUSED when the circuit is not open or has streams, ERR_LIMIT at a bound. */
MUST_USE enum err origin_circuit_extend(struct origin_circuit *c, nsec now, const struct origin_target *next);
/* Ask hop number `last` (0 is the first) to drop all hops beyond it; TRUNCATED is the answer, and until it comes the circuit
 * and its streams say no more. ERR_REFUSED when there is nothing beyond it, ERR_LIMIT without a cell. */
MUST_USE enum err origin_circuit_truncate(struct origin_circuit *c, nsec now, unsigned last);

/* Make circuits to the same last hop the legs of a conflux set (proposal 329); wish says how the exit should choose among
 * them. Each tells LINKED; then streams that are begun on any of them are of the set. A leg is as long as it is: it can
 * neither be extended nor truncated. When one that was in use closes, all do; streams that were begun on another are the next
 * leg's from then on. ERR_REFUSED unless all are open, unused, with congestion control and alike. When it is ERR_LIMIT they
 * may have been closed. */
MUST_USE enum err origin_circuit_link(struct origin_circuit *const *legs, unsigned n, nsec now,
                                      enum conflux_wish wish);

/* Begin a stream to that destination, or to the relay's directory when it is NULL. NULL when the circuit is not open, at
 * a bound or without memory. Bytes may be sent at once. */
MUST_USE struct origin_stream *origin_circuit_begin(struct origin_circuit *c, nsec now,
                                                    const struct begin_message *to);
/* Package as much of bytes as windows and queue allow; returns how much. When that is less than length, the stream's
 * WRITABLE event says when to go on. */
size_t origin_circuit_send(struct origin_circuit *c, nsec now, struct origin_stream *s, const uint8_t *bytes,
                           size_t length);
/* End the stream with reason unless it has ended; the pointer becomes invalid. */
void origin_circuit_end(struct origin_circuit *c, nsec now, struct origin_stream *s, uint8_t reason);

/* --- the link's side ------------------------------------------------------------------------------------------- */

void origin_outlet_init(struct origin_outlet *outlet, struct origin *o);
/* All circuits are gone. */
void origin_outlet_fini(struct origin_outlet *outlet);
/* Take a run of cells that came for this circuit, in order. */
void origin_circuit_receive(struct origin_circuit *c, nsec now, const struct cell_view *cells, uint32_t n);
/* Take up to max cells for the link; DESTROY is made here, so that closing never needs memory. 0 and still writable: no
 * memory now. The circuit may be gone afterwards. */
uint32_t origin_circuit_take(struct origin_circuit *c, struct cell **cells_out, uint32_t max);
/* The link is gone: close without telling it. The circuit may be gone afterwards. */
void origin_circuit_link_closed(struct origin_circuit *c);

/* --- origin_next_event's side ---------------------------------------------------------------------------------- */

/* The next message of onion services, as it came, and what it says. NULL when there is none. Hands over the cell. */
MUST_USE struct cell *origin_circuit_read_message(struct origin_circuit *c,
                                                  struct relay_message *message_out);
/* The next DATA cell of s, with SENDMEs sent for it as they are due. NULL when the inbox is empty. Hands over the cell. */
MUST_USE struct cell *origin_circuit_read(struct origin_circuit *c, struct origin_stream *s);

#endif
