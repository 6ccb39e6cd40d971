#include "des/codel.h"

#include "base/check.h"
#include "des/rate_bucket.h"

/* The nearest r to INTERVAL / sqrt(drops): (2r - 1)^2 * drops <= 4 * INTERVAL^2, found bit by bit. */
nsec codel_spacing(uint32_t drops) {
    CHECK(drops > 0);
    const uint64_t limit = 4 * CODEL_INTERVAL * CODEL_INTERVAL / drops;
    uint64_t r = 0;
    for (uint64_t bit = UINT64_C(1) << 26; bit > 0; bit >>= 1) {
        uint64_t odd = 2 * (r + bit) - 1;
        if (odd * odd <= limit)
            r += bit;
    }
    return r;
}

/* RFC 8289, dodequeue: has the wait been too long for a whole interval? */
static bool waited_too_long(struct codel *codel, nsec now, nsec waited, uint64_t behind) {
    if (waited < CODEL_TARGET || behind <= RATE_MTU) {
        codel->interval_end = 0;
        return false;
    }
    if (codel->interval_end == 0) {
        codel->interval_end = now + CODEL_INTERVAL;
        return false;
    }
    return now >= codel->interval_end;
}

/* Begin dropping at the pace that held the queue the last time, when that was not long ago. */
static bool begin_dropping(struct codel *codel, nsec now) {
    bool lately = codel->drop_next != 0 && now < codel->drop_next + 16 * CODEL_INTERVAL;
    uint32_t more = codel->drops > codel->drops_before ? codel->drops - codel->drops_before : 0;
    codel->drops = lately && more > 1 ? more : 1;
    codel->drops_before = codel->drops;
    codel->drop_next = now + codel_spacing(codel->drops);
    codel->dropping = true;
    codel->keep_next = true;
    return false;
}

bool codel_keeps(struct codel *codel, nsec now, nsec waited, uint64_t behind) {
    bool too_long = waited_too_long(codel, now, waited, behind);
    if (codel->keep_next) {
        codel->keep_next = false;
        return true;
    }
    if (!too_long) {
        codel->dropping = codel->advance = false;
        return true;
    }
    if (!codel->dropping)
        return begin_dropping(codel, now);
    if (codel->advance) {
        codel->drop_next += codel_spacing(codel->drops);
        codel->advance = false;
    }
    if (now < codel->drop_next)
        return true;
    codel->drops++;
    codel->advance = true;
    return false;
}

void codel_ran_empty(struct codel *codel) {
    codel->interval_end = 0;
    codel->dropping = codel->keep_next = codel->advance = false;
}
