#include "des/round_trip.h"

#define RTO_MIN_US ((uint32_t)(RTO_MIN / NSEC_PER_US))
#define RTO_MAX_US ((uint32_t)(RTO_MAX / NSEC_PER_US))

static uint32_t clamp(uint64_t us) {
    return us < RTO_MIN_US ? RTO_MIN_US : us > RTO_MAX_US ? RTO_MAX_US : (uint32_t)us;
}

void round_trip_init(struct round_trip *rt) {
    *rt = (struct round_trip){.rto_us = (uint32_t)(RTO_FIRST / NSEC_PER_US)};
}

void round_trip_sample(struct round_trip *rt, nsec measured) {
    uint64_t us = measured / NSEC_PER_US;
    uint32_t sample = us == 0 ? 1 : us < RTO_MAX_US ? (uint32_t)us : RTO_MAX_US;
    if (rt->srtt_8 == 0) {
        rt->srtt_8 = sample * 8;
        rt->rttvar_4 = sample * 2;
    } else {
        uint32_t smoothed = rt->srtt_8 / 8;
        uint32_t error = smoothed > sample ? smoothed - sample : sample - smoothed;
        rt->rttvar_4 = rt->rttvar_4 - rt->rttvar_4 / 4 + error;
        rt->srtt_8 = rt->srtt_8 - smoothed + sample;
    }
    rt->rto_us = clamp((uint64_t)rt->srtt_8 / 8 + rt->rttvar_4);
}

void round_trip_back_off(struct round_trip *rt) {
    rt->rto_us = clamp(2 * (uint64_t)rt->rto_us);
}

nsec round_trip_rto(const struct round_trip *rt) {
    return rt->rto_us * NSEC_PER_US;
}

nsec round_trip_smoothed(const struct round_trip *rt) {
    return rt->srtt_8 / 8 * NSEC_PER_US;
}
