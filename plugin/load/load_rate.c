#include "load/load_rate.h"

#include <event2/event.h>
#include <math.h>

#include "base/check.h"
#include "native/turn_clock.h"

#define SEED          1u
#define FRACTION      (1.0 / 9007199254740992.0) /* 2^-53 */
#define BURSTS_A_TURN 16u                        /* then what has come is read */

double load_rate_exponential(struct rng *rng) {
    return -log(((double)(rng_u64(rng) >> 11) + 1) * FRACTION); /* of (0, 1] */
}

void load_rate_init(struct load_rate *rate, struct load_flow *flow, uint32_t cells_per_s, nsec now) {
    CHECK(cells_per_s > 0);
    *rate = (struct load_rate){.flow = flow,
                               .mean_ns = (double)flow->shape->run * (double)NSEC_PER_S / cells_per_s,
                               .next_at = (double)now};
    rng_seed(&rate->rng, SEED);
}

static void write_burst(struct load_rate *rate, nsec now) {
    struct load_flow *flow = rate->flow;
    bool is_backward = rate->bursts % 2 == 1;
    uint32_t way = (uint32_t)(rate->bursts / 2 % flow->ways);
    uint32_t run = flow->shape->run, written = 0;
    rate->bursts++;
    flow->shape->now = now;
    if (load_flow_room(flow, is_backward) >= run)
        written = load_lane_write(is_backward ? flow->out[way] : flow->in[way], flow->shape, run);
    rate->left_out += run - written;
}

/* Leave out what fell behind for too long. */
static void catch_up(struct load_rate *rate, nsec now) {
    while (rate->next_at + (double)LOAD_RATE_LATE < (double)now) {
        rate->left_out += rate->flow->shape->run;
        rate->next_at += rate->mean_ns * load_rate_exponential(&rate->rng);
    }
}

void load_rate_run(struct load_rate *rate, nsec until) {
    for (nsec now = monotonic_read(); now < until; now = monotonic_read()) {
        catch_up(rate, now);
        for (uint32_t i = 0; i < BURSTS_A_TURN && rate->next_at <= (double)now; i++) {
            write_burst(rate, now);
            rate->next_at += rate->mean_ns * load_rate_exponential(&rate->rng);
            now = monotonic_read();
        }
        if (event_base_loop(rate->flow->base, EVLOOP_NONBLOCK) != 0)
            return;
    }
}
