/* mailbox - one ordered pair of stations: three lanes from the one to the other, and how much is on the way.
 *
 * Thread: functions under "sender" on the sender's thread, those under "receiver" on the receiver's. Each side of the
 * struct belongs to its thread; what both touch is in the rings and the two atomics at the end.
 * Memory: two stations of one thread have plain lists in the place of rings. */
#ifndef LOOM_CORE_MAILBOX_H
#define LOOM_CORE_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/work.h"
#include "core/cell_trail.h"
#include "core/chain_ring.h"

enum lane { LANE_CONTROL, LANE_CELLS, LANE_RETURNED };
#define LANES 3u

struct mailbox {
    struct chain_ring *rings; /* [LANES]; NULL: both stations live on one thread */

    /* The sender's. */
    struct chain pending[LANES]; /* posted and not yet published */
    struct cell_trail trail;     /* of LANE_CELLS, to another thread */
    uint32_t cells_posted;       /* ever, modulo 2^32; a control message counts as a cell */
    uint32_t cells_taken_seen;
    bool is_listed; /* for mailroom.c: in the sender's to_flush */
    bool is_over;   /* for mailroom.c: counted in the sender's over */

    /* The receiver's. */
    bool owes_wake;              /* for mailroom.c: in the receiver's to_wake */
    uint32_t cells_limit;        /* cells published at mailbox_begin */
    struct chain arrived[LANES]; /* one thread: published and not yet collected */

    _Atomic uint32_t cells_taken; /* ever; written by the receiver */
    atomic_bool sender_waits;     /* flag.h: raised by the sender, lowered by the receiver */
};

/* mailbox is zeroed. slots is a power of two, or 0 for a pair on one thread. False without memory. */
MUST_USE bool mailbox_init(struct mailbox *box, const struct memory *memory, uint32_t slots);
/* Frees control messages that are still inside and forgets cells. Also after a failed init. */
void mailbox_fini(struct mailbox *box, const struct memory *memory);

/* --- sender ------------------------------------------------------------------------------------------------------ */

/* Take over the chain, to be published later. */
void mailbox_post(struct mailbox *box, enum lane lane, struct chain chain);

struct mailbox_published {
    bool news; /* for which the receiver must be woken */
    bool returned;
};
/* Publish what is pending and finds room. When something finds none, ask for a wake once the receiver has made some. */
struct mailbox_published mailbox_publish(struct mailbox *box, struct work *work);
bool mailbox_has_pending(const struct mailbox *box);

/* At least max cells and control messages are on the way, as far as the sender knows; looks at what the receiver has taken
 * if need be. */
bool mailbox_is_over(struct mailbox *box, uint32_t max);
/* The same, and when it is so, ask for a wake once the receiver has collected. */
bool mailbox_waits_while_over(struct mailbox *box, uint32_t max);

/* --- receiver ---------------------------------------------------------------------------------------------------- */

/* Take note of how many cells are published: mailbox_take_cells stops there. */
void mailbox_begin(struct mailbox *box);
/* Move everything published in the lane (not LANE_CELLS) behind chain; false when there was nothing. */
MUST_USE bool mailbox_take(struct mailbox *box, enum lane lane, struct chain *chain);
/* Move cells behind chain, at most about cells_max: whole published chains. False when there was nothing. */
MUST_USE bool mailbox_take_cells(struct mailbox *box, uint32_t cells_max, struct chain *chain);
/* Cells wait that were published before mailbox_begin. */
bool mailbox_has_cells(const struct mailbox *box);
/* After a take: true when the sender waits for it and has to be woken. */
MUST_USE bool mailbox_sender_waits(struct mailbox *box);

#endif
