/* round_trip - TCP's estimate of the round trip and its retransmission timeout (RFC 6298), with Shadow's bounds.
 *
 * The law: srtt and rttvar move by 1/8 and 1/4 of the error; rto = srtt + 4 * rttvar, within [RTO_MIN, RTO_MAX]; each
 * timeout doubles it until the next sample. In whole microseconds, scaled so that no rounding drifts. Pure. */
#ifndef LOOM_DES_ROUND_TRIP_H
#define LOOM_DES_ROUND_TRIP_H

#include <stdint.h>

#include "base/nsec.h"

#define RTO_FIRST (1000 * NSEC_PER_MS)
#define RTO_MIN   (200 * NSEC_PER_MS) /* Linux and Shadow; RFC 6298 says a second */
#define RTO_MAX   (120 * NSEC_PER_S)

struct round_trip {
    uint32_t srtt_8;   /* microseconds, times 8; 0: no sample yet */
    uint32_t rttvar_4; /* microseconds, times 4 */
    uint32_t rto_us;
};

void round_trip_init(struct round_trip *rt);
void round_trip_sample(struct round_trip *rt, nsec measured);
/* A timeout: double rto. */
void round_trip_back_off(struct round_trip *rt);
nsec round_trip_rto(const struct round_trip *rt);
/* 0: no sample yet. */
nsec round_trip_smoothed(const struct round_trip *rt);

#endif
