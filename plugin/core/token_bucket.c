#include "core/token_bucket.h"

#include <stdbool.h>

#include "base/check.h"

/* Levels are signed and overshoots are added below zero: half of the range for each. */
#define BURST_MAX ((uint64_t)INT64_MAX / 2)

void token_bucket_init(struct token_bucket *bucket, nsec now, uint64_t rate, uint64_t burst) {
    bucket->rate = rate > TOKEN_RATE_MAX ? TOKEN_RATE_UNLIMITED : rate;
    bucket->burst = burst < BURST_MAX ? burst : BURST_MAX;
    bucket->level = (int64_t)bucket->burst;
    bucket->remainder = 0;
    bucket->filled_at = now;
}

static bool is_unlimited(const struct token_bucket *bucket) {
    return bucket->rate == TOKEN_RATE_UNLIMITED;
}

/* Nothing is gained while the bucket is full, not even a part of a byte. */
static void fill_up(struct token_bucket *bucket) {
    bucket->level = (int64_t)bucket->burst;
    bucket->remainder = 0;
}

/* Add what has come in since the last time: rate * elapsed / 1 s, exactly, with what is left over in remainder. */
static void fill(struct token_bucket *bucket, nsec now) {
    CHECK(now >= bucket->filled_at);
    nsec elapsed = now - bucket->filled_at;
    bucket->filled_at = now;
    if (bucket->rate == 0)
        return;
    uint64_t room = (uint64_t)((int64_t)bucket->burst - bucket->level);
    uint64_t seconds = elapsed / NSEC_PER_S;
    if (seconds > room / bucket->rate) {
        fill_up(bucket);
        return;
    }
    /* TOKEN_RATE_MAX keeps this product below 2^64. */
    uint64_t parts = elapsed % NSEC_PER_S * bucket->rate + bucket->remainder;
    uint64_t gained = seconds * bucket->rate + parts / NSEC_PER_S;
    if (gained >= room) {
        fill_up(bucket);
        return;
    }
    bucket->level += (int64_t)gained;
    bucket->remainder = parts % NSEC_PER_S;
}

void token_bucket_adjust(struct token_bucket *bucket, nsec now, uint64_t rate, uint64_t burst) {
    struct token_bucket before = *bucket;
    if (!is_unlimited(&before))
        fill(&before, now);
    token_bucket_init(bucket, now, rate, burst);
    if (before.level < bucket->level)
        bucket->level = before.level;
}

uint64_t token_bucket_available(struct token_bucket *bucket, nsec now) {
    if (is_unlimited(bucket))
        return UINT64_MAX;
    fill(bucket, now);
    return bucket->level > 0 ? (uint64_t)bucket->level : 0;
}

void token_bucket_take(struct token_bucket *bucket, nsec now, uint64_t bytes) {
    if (is_unlimited(bucket))
        return;
    fill(bucket, now);
    CHECK(bytes <= BURST_MAX);
    CHECK(bucket->level >= -(int64_t)BURST_MAX);
    bucket->level -= (int64_t)bytes;
}

nsec token_bucket_ready_at(struct token_bucket *bucket, nsec now, uint64_t bytes) {
    if (is_unlimited(bucket))
        return now;
    fill(bucket, now);
    int64_t wanted = (int64_t)(bytes < bucket->burst ? bytes : bucket->burst);
    if (bucket->level >= wanted)
        return now;
    if (bucket->rate == 0)
        return NSEC_NEVER;
    uint64_t missing = (uint64_t)(wanted - bucket->level);
    uint64_t seconds = missing / bucket->rate;
    /* Whole seconds first, so that the product stays below 2^64. The remainder may be worth more than the odd bytes. */
    uint64_t parts = missing % bucket->rate * NSEC_PER_S;
    uint64_t wait = parts >= bucket->remainder ? (parts - bucket->remainder + bucket->rate - 1) / bucket->rate
                                               : 0 - (bucket->remainder - parts) / bucket->rate;
    if (seconds + 1 >= (NSEC_NEVER - now) / NSEC_PER_S)
        return NSEC_NEVER;
    return now + seconds * NSEC_PER_S + wait;
}
