/* destroy_queue - DESTROYs that are owed to the peer of a link and have not been written, eight bytes each: they become cells when
 * the link takes them, so who does not read costs no cells for what he is told.
 *
 * Owner: the link's manager. Memory: a ring that doubles, none while nothing is owed. Bound: DESTROYS_OWED_MAX. */
#ifndef LOOM_CORE_DESTROY_QUEUE_H
#define LOOM_CORE_DESTROY_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"

#define DESTROYS_OWED_MAX 4096u /* 32 kB; a peer that makes us owe more has stopped reading */

struct destroy_owed {
    uint32_t circ_id;
    uint8_t reason; /* enum destroy_reason */
};

/* Zero is the empty queue. */
struct destroy_queue {
    struct destroy_owed *ring;
    uint16_t room, first, count;
};

/* False at the bound or without memory. */
MUST_USE bool destroy_queue_put(struct destroy_queue *queue, const struct memory *memory, uint32_t circ_id,
                                uint8_t reason);
/* The first; false when nothing is owed. */
MUST_USE bool destroy_queue_take(struct destroy_queue *queue, const struct memory *memory,
                                 struct destroy_owed *out);
/* Forget what is owed. */
void destroy_queue_clear(struct destroy_queue *queue, const struct memory *memory);

#endif
