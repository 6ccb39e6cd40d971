/* flow_tags - the tags of cells for which a circuit SENDME is due, oldest first, and when they were sent.
 *
 * The law (proposal 289): between the middle of an increment and its last cell, whose tag the SENDME shows, there is a cell
 * with bytes that nobody can foresee, so that who knows what is being sent cannot show tags of cells that he has not
 * received. Such a cell is made where it costs nothing, one that is not full, or else out of the last one.
 *
 * Owner: its circuit's end. Memory: a ring that grows as needed. Bound: FLOW_TAGS_MAX. */
#ifndef LOOM_CORE_FLOW_TAGS_H
#define LOOM_CORE_FLOW_TAGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "core/congestion_params.h"

#define FLOW_TAG_LEN  20u
#define FLOW_TAGS_MAX CONGESTION_CWND_MAX /* the largest window with the smallest increment */

struct flow_tag {
    nsec sent;
    uint8_t tag[FLOW_TAG_LEN];
};

/* Zeros are an empty one. */
struct flow_tags {
    struct flow_tag *ring;
    uint16_t room, first, count;
    bool is_unforeseen; /* this increment has had its cell */
};

void flow_tags_fini(struct flow_tags *t, const struct memory *memory);

/* sent cells of increment: the next cell of the circuit should have unforeseen bytes if there is room for them; or must
 * have them. */
static inline bool flow_wants_unforeseen(const struct flow_tags *t, uint16_t sent, uint16_t increment) {
    return !t->is_unforeseen && sent >= increment / 2;
}
static inline bool flow_needs_unforeseen(const struct flow_tags *t, uint16_t sent, uint16_t increment) {
    return !t->is_unforeseen && sent == increment - 1;
}

/* The tag of the last cell of an increment. ERR_LIMIT without memory. */
MUST_USE enum err flow_tags_push(struct flow_tags *t, const struct memory *memory, nsec now,
                                 const uint8_t tag[static FLOW_TAG_LEN]);
/* The oldest; NULL when none is due. Valid until the next push. */
const struct flow_tag *flow_tags_pop(struct flow_tags *t);

#endif
