/* codel - which packets of a queue are dropped: controlled delay, RFC 8289, with Shadow's target of 10 ms.
 *
 * Only the decision: packets that leave the queue are judged in their order, and codel_ran_empty is told when there was
 * none left. The law: a packet is dropped when its wait and that of all before it was at least TARGET for INTERVAL; then
 * one more after INTERVAL / sqrt(drops), until a wait is below TARGET or one MTU or less stays behind.
 * Owner: one host. No limit on the number of packets, as in Shadow: TCP's windows bound it. */
#ifndef LOOM_DES_CODEL_H
#define LOOM_DES_CODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"

#define CODEL_TARGET \
    (10 * NSEC_PER_MS) /* RFC 8289 says 5: Shadow passes packets on in steps of a millisecond */
#define CODEL_INTERVAL (100 * NSEC_PER_MS)

struct codel {
    nsec interval_end; /* 0: the wait is below target */
    nsec drop_next;    /* 0: never dropped */
    uint32_t drops;    /* in this episode */
    uint32_t drops_before;
    bool dropping;
    bool keep_next; /* the episode has just begun with a drop: the next one passes whatever its wait */
    bool advance;   /* a drop within an episode: the next one that waits too long moves drop_next */
};

/* True: pass the packet on. waited: since it came; behind: bytes that stay in the queue behind it. */
bool codel_keeps(struct codel *codel, nsec now, nsec waited, uint64_t behind);
/* There was no packet to judge. */
void codel_ran_empty(struct codel *codel);
/* INTERVAL / sqrt(drops), to the nearest nanosecond; drops > 0. */
nsec codel_spacing(uint32_t drops);

#endif
