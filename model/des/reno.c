#include "des/reno.h"

#include "base/check.h"

void reno_init(struct reno *reno, uint32_t cwnd) {
    CHECK(cwnd > 0);
    *reno = (struct reno){.cwnd = cwnd, .ssthresh = RENO_SSTHRESH_FIRST, .phase = RENO_SLOW_START};
}

static void avoid(struct reno *reno, uint32_t n) {
    for (reno->acked += n; reno->acked >= reno->cwnd; reno->cwnd++)
        reno->acked -= reno->cwnd;
    if (reno->cwnd > RENO_CWND_MAX)
        reno->cwnd = RENO_CWND_MAX;
}

static void begin_avoidance(struct reno *reno, uint32_t n) {
    reno->phase = RENO_AVOIDANCE;
    reno->cwnd = reno->ssthresh;
    reno->acked = 0;
    avoid(reno, n);
}

static void slow_start(struct reno *reno, uint32_t n) {
    uint32_t grown = n < RENO_CWND_MAX - reno->cwnd ? reno->cwnd + n : RENO_CWND_MAX;
    if (grown >= reno->ssthresh)
        begin_avoidance(reno, grown - reno->ssthresh);
    else
        reno->cwnd = grown;
}

void reno_new_ack(struct reno *reno, uint32_t n) {
    CHECK(n > 0);
    reno->duplicates = 0;
    switch ((enum reno_phase)reno->phase) {
    case RENO_SLOW_START: slow_start(reno, n); break;
    case RENO_AVOIDANCE: avoid(reno, n); break;
    case RENO_RECOVERY: begin_avoidance(reno, n); break;
    }
}

bool reno_duplicate_ack(struct reno *reno) {
    if (reno->phase == RENO_RECOVERY) {
        if (reno->cwnd < RENO_CWND_MAX)
            reno->cwnd++;
        return false;
    }
    if (++reno->duplicates != RENO_DUPLICATES)
        return false;
    reno->ssthresh = reno->cwnd / 2 + 1;
    reno->cwnd = reno->ssthresh + RENO_DUPLICATES;
    reno->phase = RENO_RECOVERY;
    return true;
}

void reno_timeout(struct reno *reno) {
    reno->duplicates = 0;
    reno->acked = 0;
    reno->ssthresh = reno->cwnd / 2 + 1;
    reno->cwnd = RENO_CWND_RESTART;
    reno->phase = RENO_SLOW_START;
}
