/* bandwidth_pool - the relay's token bucket, lent to its managers (bandwidth_share) in pieces that follow what they want.
 *
 * The bucket holds all that may be sent: what is free, and what is lent and not yet reported as sent. Managers send only
 * what they were lent, and report it later.
 * The laws: in any interval of t seconds all managers together send at most burst + rate * t bytes. (At any moment they
 * may send what is in the bucket less what they have not reported: at most burst, and it grows with rate.) When some of
 * them always want more, these send rate * t, less what is on its way, as long as the burst is rate * 50 ms and more: what
 * comes in lies for no longer than BANDWIDTH_TICK, or than it takes to make a piece. Of those that want more none gets more than
 * another that wants as much, but for a piece. A pool that nobody wants anything from does nothing.
 * Owner: the relay controller. */
#ifndef LOOM_CORE_BANDWIDTH_POOL_H
#define LOOM_CORE_BANDWIDTH_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "core/bandwidth_terms.h"
#include "core/token_bucket.h"

/* Between two loans to those who want more than there is: short beside a round trip, and a wake of the main thread each. */
#define BANDWIDTH_TICK (10 * NSEC_PER_MS)

struct bandwidth_borrower {
    uint64_t lent; /* and neither reported as sent nor returned */
    uint64_t want; /* more */
    uint64_t loan; /* of the last division */
};

struct bandwidth_pool {
    const struct memory *memory;
    struct bandwidth_terms terms;
    struct token_bucket bucket;
    struct bandwidth_borrower *borrowers; /* [terms.managers]; NULL: nothing is lent */
    uint64_t lent;                        /* sum over all */
    nsec divided_at;                      /* last time that there was not enough for all */
    nsec next_at;
    uint16_t turn; /* whose turn it is when there are fewer pieces than borrowers */
};

/* Every borrower has been lent keep already. False without memory. */
MUST_USE bool bandwidth_pool_init(struct bandwidth_pool *pool, const struct memory *memory, nsec now,
                                  const struct bandwidth_terms *terms);
void bandwidth_pool_fini(struct bandwidth_pool *pool);
/* Borrower number i (0 to managers - 1) has sent and returned so much, and wants so much from now on. */
void bandwidth_pool_report(struct bandwidth_pool *pool, nsec now, uint16_t i, uint64_t sent,
                           uint64_t returned, uint64_t want);
/* When to divide; NSEC_NEVER: nobody wants anything. */
nsec bandwidth_pool_next(const struct bandwidth_pool *pool);
/* Lend what is there to those who want it, when it is time to. */
void bandwidth_pool_divide(struct bandwidth_pool *pool, nsec now);
/* What borrower i was lent by the last division; 0: nothing. */
uint64_t bandwidth_pool_loan(const struct bandwidth_pool *pool, uint16_t i);
/* It could not be told: it is lent nothing, and wants it still. */
void bandwidth_pool_take_back(struct bandwidth_pool *pool, nsec now, uint16_t i);

#endif
