/* rate_bucket - what may pass a network interface: tokens that come once a millisecond, as in Shadow.
 *
 * The law: refills of rate / 1000 bytes (at least one) at whole milliseconds; never more than a refill and one MTU; only
 * whole packets pass. So in any n consecutive milliseconds at most n * refill + MTU bytes pass, and an idle interface
 * lets the first packets through at once. (Not core/token_bucket, which is continuous and may overshoot.)
 * Owner: one host. */
#ifndef LOOM_DES_RATE_BUCKET_H
#define LOOM_DES_RATE_BUCKET_H

#include <stdint.h>

#include "base/nsec.h"

#define RATE_UNLIMITED   UINT64_MAX
#define RATE_MTU         1500u
#define RATE_REFILL_NSEC NSEC_PER_MS

struct rate_bucket {
    uint64_t refill; /* bytes each millisecond; RATE_UNLIMITED: no limit */
    uint64_t balance;
    nsec refilled_at; /* a whole millisecond */
};

/* Starts full, at time 0. rate in bytes per second. */
void rate_bucket_init(struct rate_bucket *bucket, uint64_t rate);
/* Tokens that are there now; RATE_UNLIMITED without limit. */
uint64_t rate_bucket_available(struct rate_bucket *bucket, nsec now);
/* Take what rate_bucket_available has shown at the same now. */
void rate_bucket_take(struct rate_bucket *bucket, uint64_t bytes);
/* The first millisecond at which bytes, not more than MTU, will be there; now when they are. */
nsec rate_bucket_ready_at(struct rate_bucket *bucket, nsec now, uint64_t bytes);

#endif
