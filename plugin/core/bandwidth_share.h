/* bandwidth_share - a manager's hold on the relay's bandwidth: what it may send now, and when it has to tell the
 * controller (bandwidth_pool), which lends.
 *
 * A manager sends what it was lent. Once it runs low, or wants more than it has, it says so, with the sum that it wants in
 * all; loans come until that sum is reached. It reports what it has sent with that, and gives back what it cannot use.
 * The law: once it wants nothing more and has reported what is due, it holds at most 2 * keep and has sent at most keep
 * without a report. A manager that sends nothing has nothing to report.
 * With a single manager (or without a limit) nothing is lent: the share is a token bucket of its own.
 * Owner: one manager. */
#ifndef LOOM_CORE_BANDWIDTH_SHARE_H
#define LOOM_CORE_BANDWIDTH_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "core/bandwidth_terms.h"
#include "core/token_bucket.h"

struct bandwidth_share {
    struct bandwidth_terms terms;
    struct token_bucket own; /* when nothing is lent */
    uint64_t held;           /* bytes lent to us and not sent */
    uint64_t sent;           /* and not reported */
    uint64_t asked;          /* and not lent yet */
};

/* What the controller is told. */
struct bandwidth_report {
    uint64_t sent;     /* since the last report */
    uint64_t returned; /* of what was lent */
    uint64_t want;     /* from now on, in all; replaces what was wanted before */
};

/* lent: what the pool has it down for to begin with. A bucket of its own starts full. */
void bandwidth_share_init(struct bandwidth_share *share, nsec now, const struct bandwidth_terms *terms,
                          uint64_t lent);
/* Bytes that may be sent now. */
uint64_t bandwidth_share_available(struct bandwidth_share *share, nsec now);
/* So many were sent; at most what was available. */
void bandwidth_share_send(struct bandwidth_share *share, nsec now, uint64_t bytes);
/* The controller has lent more. */
void bandwidth_share_lend(struct bandwidth_share *share, uint64_t bytes);
/* When bytes may be sent. NSEC_NEVER: when more is lent, which has been asked for. */
nsec bandwidth_share_ready_at(struct bandwidth_share *share, nsec now, uint64_t bytes);
/* True when the controller has to be told something, given that wanted bytes could be sent beyond what has been. */
bool bandwidth_share_must_report(const struct bandwidth_share *share, uint64_t wanted,
                                 struct bandwidth_report *out);
/* It has been told. */
void bandwidth_share_reported(struct bandwidth_share *share, const struct bandwidth_report *report);

#endif
