/* flow_window - SENDME windows of a circuit or a stream (tor-spec 7.3, 7.4).
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

#endif
