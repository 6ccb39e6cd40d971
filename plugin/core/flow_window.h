/* flow_window - SENDME windows of a circuit or a stream, and the tags that prove a circuit SENDME (tor-spec 7.3, 7.4).
 *
 * The law: at most `start` DATA cells are on the way without a SENDME for them; each SENDME allows `increment` more. */
#ifndef LOOM_CORE_FLOW_WINDOW_H
#define LOOM_CORE_FLOW_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"

#define CIRCUIT_WINDOW_START     1000u
#define CIRCUIT_WINDOW_INCREMENT 100u
#define STREAM_WINDOW_START      500u
#define STREAM_WINDOW_INCREMENT  50u

#define FLOW_TAGS_MAX (CIRCUIT_WINDOW_START / CIRCUIT_WINDOW_INCREMENT)
#define FLOW_TAG_LEN  20u

struct flow_window {
    uint16_t package;  /* DATA cells that we may still send */
    uint16_t deliver;  /* DATA cells that the peer may still send */
    uint16_t consumed; /* delivered, not yet answered by a SENDME */
    uint16_t start;
    uint16_t increment;
};

void flow_window_init(struct flow_window *w, uint16_t start, uint16_t increment);
static inline bool flow_may_package(const struct flow_window *w) {
    return w->package > 0;
}
/* One DATA cell is sent. True when it is the one that the peer will answer with a SENDME: remember its tag. */
bool flow_package(struct flow_window *w);
/* A SENDME came. ERR_PROTOCOL when nothing was due. */
MUST_USE enum err flow_sendme_received(struct flow_window *w);
/* A DATA cell came. ERR_PROTOCOL when the peer had no window left. */
MUST_USE enum err flow_receive(struct flow_window *w);
/* count received cells were passed on; returns how many SENDMEs are due now. */
uint16_t flow_consume(struct flow_window *w, uint32_t count);

/* Tags of cells whose SENDME is due, oldest first.
 *
 * The law (proposal 289): between the middle of an increment and its last cell, whose tag the SENDME shows, there is a cell
 * with bytes that nobody can foresee, so that who knows what is being sent cannot show tags of cells that he has not
 * received. Such a cell is made where it costs nothing, one that is not full, or else out of the last one. */
struct flow_tags {
    uint8_t tags[FLOW_TAGS_MAX][FLOW_TAG_LEN];
    uint8_t first;
    uint8_t count;
    bool is_unforeseen; /* this increment has had its cell */
};

/* The next cell of the circuit should have such bytes if there is room for them; or must have them. */
bool flow_wants_unforeseen(const struct flow_window *w, const struct flow_tags *t);
bool flow_needs_unforeseen(const struct flow_window *w, const struct flow_tags *t);

/* The tag of the last cell of an increment. */
void flow_tags_push(struct flow_tags *t, const uint8_t tag[static FLOW_TAG_LEN]);
/* Oldest tag; NULL when none is due. Valid until the next push. */
const uint8_t *flow_tags_pop(struct flow_tags *t);

#endif
