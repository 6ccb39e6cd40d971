/* reno - TCP's congestion window in segments: slow start, congestion avoidance, fast recovery (RFC 5681), as Shadow does it.
 *
 * The law: in slow start cwnd grows by what is acked; beyond ssthresh by one for each cwnd acked; the third duplicate
 * ack sets ssthresh = cwnd / 2 + 1 and cwnd = ssthresh + 3, each further one adds one, and the first new ack ends it
 * (plain Reno: not RFC 6582); a timeout halves the same way and starts again at RENO_CWND_RESTART.
 * Pure: the connection says what came, and reads cwnd. */
#ifndef LOOM_DES_RENO_H
#define LOOM_DES_RENO_H

#include <stdbool.h>
#include <stdint.h>

#define RENO_CWND_RESTART   10u
#define RENO_CWND_MAX       (1u << 20) /* 1.5 GB in flight; keeps sums of windows and segments in 32 bits */
#define RENO_DUPLICATES     3u
#define RENO_SSTHRESH_FIRST INT32_MAX

enum reno_phase { RENO_SLOW_START, RENO_AVOIDANCE, RENO_RECOVERY };

struct reno {
    uint32_t cwnd;
    uint32_t ssthresh;
    uint32_t acked; /* in this window, in congestion avoidance */
    uint16_t duplicates;
    uint8_t phase; /* enum reno_phase */
};

void reno_init(struct reno *reno, uint32_t cwnd);
/* So many segments were acked for the first time; n > 0. */
void reno_new_ack(struct reno *reno, uint32_t n);
/* True when this one begins a fast recovery. */
bool reno_duplicate_ack(struct reno *reno);
void reno_timeout(struct reno *reno);

#endif
