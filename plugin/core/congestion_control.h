/* congestion_control - how many cells of a circuit may be on their way: Vegas, as Tor has it (proposal 324, section 3.3).
 *
 * The law: a cell is sent only while inflight < cwnd, cwnd_min <= cwnd <= cwnd_max after each answer, and sendme_inc <= cwnd always,
 * so that there is an answer, whatever the consensus says (tor has no such floor: its circuits would hang). What the circuit can hold without queues is its bandwidth-delay product, bdp = cwnd * min_rtt / rtt; the rest of
 * the window, cwnd - bdp, stands in queues. Vegas grows while that is less than alpha, shrinks when it is more than beta, and
 * falls to bdp + delta when it is more than delta. Slow start grows by a SENDME's worth for each SENDME (less beyond
 * ss_cwnd_cap, RFC 3742) and ends when gamma cells stand in queues, or when the circuit's own link is blocked.
 *
 * Integers only: cells, SENDMEs and nanoseconds. Owner: its circuit's end. */
#ifndef LOOM_CORE_CONGESTION_CONTROL_H
#define LOOM_CORE_CONGESTION_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "core/congestion_params.h"

/* A round trip that is so many times the average, or 0, is a clock that jumped. */
#define CONGESTION_JUMP_RATIO 5000u

struct congestion {
    uint32_t cwnd;        /* cells */
    uint32_t inflight;    /* sent, not answered; may be above cwnd after it has shrunk */
    uint32_t bdp;         /* cells, as last estimated */
    uint32_t next_change; /* SENDMEs until cwnd may change, after slow start */
    uint32_t next_window; /* SENDMEs until a whole window has been answered */
    uint64_t rtt;         /* exponential average; 0: none measured yet */
    uint64_t rtt_min;
    uint8_t sendme_inc;
    bool in_slow_start;
    bool is_full;    /* the window has been used up, so that it may grow */
    bool is_blocked; /* the link was, at the last answer */
};

/* sendme_inc, not 0, as negotiated. */
void congestion_init(struct congestion *c, const struct congestion_params *params, uint8_t sendme_inc);

static inline bool congestion_may_send(const struct congestion *c) {
    return c->inflight < c->cwnd;
}
static inline void congestion_sent(struct congestion *c) {
    c->inflight++;
}
/* A SENDME came, rtt after the cell that it answers was sent. queued cells of the circuit wait for its link, which is so busy
 * that they count as blocked. */
void congestion_answered(struct congestion *c, const struct congestion_params *params, nsec rtt,
                         bool is_blocked, uint32_t queued);

#endif
