/* origin_stream - a stream as the origin sees it: its state, its window, and the data that the user has not been told of.
 *
 * Holds no way to send: its circuit (origin_circuit.h) puts messages on the wire and asks this unit what they do.
 * Owner: its circuit. Memory: a slab object; received cells wait in the inbox, of which the stream's window bounds the
 * number. The window opens again when the user has been told of the data, not when it comes. Under congestion control there is
 * no window: its circuit tells the exit to stop. */
#ifndef LOOM_ORIGIN_ORIGIN_STREAM_H
#define LOOM_ORIGIN_ORIGIN_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/list.h"
#include "core/cell_pool.h"
#include "core/flow_window.h"
#include "origin/origin_context.h"
#include "wire/relay_cell.h"
#include "wire/stream_messages.h"

struct origin_circuit;

enum origin_stream_state { ORIGIN_STREAM_CONNECTING, ORIGIN_STREAM_CONNECTED, ORIGIN_STREAM_ENDED };

/* News, in the order in which they are told. */
enum origin_stream_news {
    ORIGIN_STREAM_NEWS_CONNECTED = 1,
    ORIGIN_STREAM_NEWS_DATA = 2,
    ORIGIN_STREAM_NEWS_WRITABLE = 4,
    ORIGIN_STREAM_NEWS_ENDED = 8,
};

struct origin_stream {
    struct list entry; /* among its circuit's */
    struct origin_ready ready;
    struct list starved; /* among those that wait for a cell */
    struct origin_circuit *circuit;
    void *user;            /* the user's own */
    struct cell_run inbox; /* received, not yet told */
    struct flow_window window;
    struct connected_message destination;
    uint16_t id;
    uint8_t state;      /* enum origin_stream_state */
    uint8_t end_reason; /* enum end_reason, when ended */
    bool is_blocked;    /* the user wanted to send more than there was room for */
    bool is_uncounted;  /* congestion control is the circuit's: no window, no SENDMEs, but XOFF and XON */
    bool is_stopped;    /* the exit said XOFF */
    bool has_stopped;   /* and so did we */
};

void origin_stream_init(struct origin_stream *s, struct origin_circuit *circuit, uint16_t id);
/* Put the inbox back, forget all news. */
void origin_stream_fini(struct origin *o, struct origin_stream *s);

/* What the exit sends. ERR_PROTOCOL when it is out of turn or beyond the window: end the stream. */
MUST_USE enum err origin_stream_receive_connected(struct origin *o, struct origin_stream *s,
                                                  const struct connected_message *m);
/* data lies in cell, a recognized relay DATA cell. Hands over cell unless there is an error. */
MUST_USE enum err origin_stream_receive_data(struct origin *o, struct origin_stream *s, struct cell *cell,
                                             struct span data);
MUST_USE enum err origin_stream_receive_sendme(struct origin *o, struct origin_stream *s);
/* The stream is over; data that came before are still told. */
void origin_stream_receive_end(struct origin *o, struct origin_stream *s, uint8_t reason);

/* Take the next DATA cell off the inbox, or NULL; *sendmes_out says how many SENDMEs are due for it. */
MUST_USE struct cell *origin_stream_read(struct origin_stream *s, uint16_t *sendmes_out);
/* Data of a cell that origin_stream_read returned. */
struct span origin_stream_cell_data(const struct cell *cell);

/* The user could not send all it wanted: it will be told when there is room again. */
void origin_stream_block(struct origin_stream *s);
/* There is room again. */
void origin_stream_unblock(struct origin *o, struct origin_stream *s);
/* As origin_stream_block, because the pool had no cell. */
void origin_stream_starve(struct origin *o, struct origin_stream *s);
/* A cell was put back: unblock the stream that has starved longest. */
void origin_stream_feed(struct origin *o);

#endif
