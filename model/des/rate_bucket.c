#include "des/rate_bucket.h"

#include "base/check.h"

void rate_bucket_init(struct rate_bucket *bucket, uint64_t rate) {
    uint64_t refill = rate / (NSEC_PER_S / RATE_REFILL_NSEC);
    *bucket = (struct rate_bucket){.refill = refill ? refill : 1};
    if (rate == RATE_UNLIMITED)
        bucket->refill = RATE_UNLIMITED;
    else
        bucket->balance = bucket->refill + RATE_MTU;
}

static void refill(struct rate_bucket *bucket, nsec now) {
    CHECK(now >= bucket->refilled_at);
    uint64_t refills = (now - bucket->refilled_at) / RATE_REFILL_NSEC;
    if (refills == 0)
        return;
    bucket->refilled_at += refills * RATE_REFILL_NSEC;
    uint64_t room = bucket->refill + RATE_MTU - bucket->balance;
    bucket->balance += refills > room / bucket->refill ? room : refills * bucket->refill;
}

uint64_t rate_bucket_available(struct rate_bucket *bucket, nsec now) {
    if (bucket->refill == RATE_UNLIMITED)
        return RATE_UNLIMITED;
    refill(bucket, now);
    return bucket->balance;
}

void rate_bucket_take(struct rate_bucket *bucket, uint64_t bytes) {
    if (bucket->refill == RATE_UNLIMITED)
        return;
    CHECK(bytes <= bucket->balance);
    bucket->balance -= bytes;
}

nsec rate_bucket_ready_at(struct rate_bucket *bucket, nsec now, uint64_t bytes) {
    CHECK(bytes <= RATE_MTU);
    if (rate_bucket_available(bucket, now) >= bytes)
        return now;
    uint64_t missing = bytes - bucket->balance;
    uint64_t refills = (missing + bucket->refill - 1) / bucket->refill;
    return bucket->refilled_at + refills * RATE_REFILL_NSEC;
}
