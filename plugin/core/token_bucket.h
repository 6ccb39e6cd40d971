/* token_bucket - bytes that may pass: rate per second, at most burst at once.
 *
 * The law: in any interval of t seconds at most burst + rate * t bytes pass (plus the overshoot of the one call that
 * emptied it). Integer arithmetic; remainders are kept, so no rate is lost to rounding.
 * Owner: one manager. */
#ifndef LOOM_CORE_TOKEN_BUCKET_H
#define LOOM_CORE_TOKEN_BUCKET_H

#include <stdint.h>

#include "base/nsec.h"

#define TOKEN_RATE_UNLIMITED UINT64_MAX
#define TOKEN_RATE_MAX \
    (UINT64_C(1) << 34) /* 137 Gbit/s: a second of it in 1e-9 bytes fits 64 bits; more is no limit */

struct token_bucket {
    uint64_t rate; /* bytes per second; TOKEN_RATE_UNLIMITED: no limit */
    uint64_t burst;
    int64_t level;      /* bytes; below zero after an overshoot */
    uint64_t remainder; /* in 1e-9 bytes, less than one byte: gained and not yet in level */
    nsec filled_at;
};

/* Starts full. */
void token_bucket_init(struct token_bucket *bucket, nsec now, uint64_t rate, uint64_t burst);
/* Another rate and burst from now on; what is in it stays, as far as it has room. */
void token_bucket_adjust(struct token_bucket *bucket, nsec now, uint64_t rate, uint64_t burst);
/* Bytes that may pass now. */
uint64_t token_bucket_available(struct token_bucket *bucket, nsec now);
/* So many passed; may overshoot. */
void token_bucket_take(struct token_bucket *bucket, nsec now, uint64_t bytes);
/* When at least bytes (capped at burst) will be there; now when they are. */
nsec token_bucket_ready_at(struct token_bucket *bucket, nsec now, uint64_t bytes);

#endif
