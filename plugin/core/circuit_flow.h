/* circuit_flow - how many DATA cells a circuit may have on their way, at one of its ends and in both directions: by a window
 * (tor-spec 7.3) or by congestion control (proposal 324), as its handshake has agreed. Either way the receiver answers
 * each increment of cells with a SENDME that shows a tag of the last.
 *
 * Owner: the circuit's end (an exit's half, an origin's hop). Bound: see flow_window.h and congestion_control.h. */
#ifndef LOOM_CORE_CIRCUIT_FLOW_H
#define LOOM_CORE_CIRCUIT_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "core/congestion_control.h"
#include "core/congestion_params.h"
#include "core/flow_tags.h"
#include "core/flow_window.h"
#include "wire/stream_messages.h"

struct circuit_flow {
    struct flow_window window;    /* without congestion control */
    struct congestion congestion; /* with it */
    struct flow_tags tags;
    uint16_t increment; /* DATA cells for a SENDME */
    uint16_t sent;      /* of the present increment */
    uint16_t received;  /* since the last SENDME, with congestion control */
    bool is_congestion_controlled;
};

/* sendme_inc as negotiated; 0: no congestion control. */
void circuit_flow_init(struct circuit_flow *f, const struct congestion_params *params, uint8_t sendme_inc);
void circuit_flow_fini(struct circuit_flow *f, const struct memory *memory);

/* DATA cells that may be sent now. */
uint32_t circuit_flow_room(const struct circuit_flow *f);
/* The next cell should have unforeseen bytes, or must have them (flow_tags.h); and it got them. */
bool circuit_flow_wants_unforeseen(const struct circuit_flow *f);
bool circuit_flow_needs_unforeseen(const struct circuit_flow *f);
static inline void circuit_flow_made_unforeseen(struct circuit_flow *f) {
    f->tags.is_unforeseen = true;
}
/* A DATA cell is sent, for which there was room; this is its tag. ERR_LIMIT without memory. */
MUST_USE enum err circuit_flow_sent(struct circuit_flow *f, const struct memory *memory, nsec now,
                                    const uint8_t tag[static FLOW_TAG_LEN]);

/* For who only keeps account of where in its increments a circuit is whose cells another thread sends. */
void circuit_flow_passed(struct circuit_flow *f);

/* The state of the circuit's link, for congestion control. */
struct circuit_pressure {
    uint32_t queued; /* cells of the circuit that wait for it */
    bool is_blocked; /* streams have stopped because of them */
};
/* A SENDME came. ERR_PROTOCOL when none was due, or it shows another tag than the first tag_length bytes of ours; without
 * congestion control one of version 0 shows none. */
MUST_USE enum err circuit_flow_answered(struct circuit_flow *f, const struct congestion_params *params,
                                        nsec now, const struct sendme_message *sendme, uint8_t tag_length,
                                        struct circuit_pressure pressure);

/* A DATA cell came. ERR_PROTOCOL when the peer had no window left. *owes_sendme_out says that this one is to be answered. */
MUST_USE enum err circuit_flow_received(struct circuit_flow *f, bool *owes_sendme_out);

#endif
