#include "sim/results_sustained.h"

#include "base/check.h"

static uint64_t most(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* Of the samples from first on, the greatest sums over n of them that follow each other: of all bytes, of those sent. */
static bool greatest(const struct sim_relay_measure *relay, uint64_t first, uint64_t n, uint64_t *both_out,
                     uint64_t *sent_out) {
    uint64_t both = 0, sent = 0;
    *both_out = *sent_out = 0;
    for (uint64_t i = first; i < relay->sample_count; i++) {
        const struct sim_sample *in = &relay->samples[i];
        both += in->bytes_read + in->bytes_written;
        sent += in->bytes_written;
        if (i >= first + n) {
            const struct sim_sample *out = &relay->samples[i - n];
            both -= out->bytes_read + out->bytes_written;
            sent -= out->bytes_written;
        }
        *both_out = most(*both_out, both);
        *sent_out = most(*sent_out, sent);
    }
    return relay->sample_count >= first + n;
}

struct results_sustained results_sustained(const struct results_source *source) {
    const struct plan *plan = source->plan;
    const struct scenario_outputs *outputs = &plan->inputs->scenario.outputs;
    uint64_t interval = plan->config.sample_interval;
    uint64_t window = outputs->sustained_window_s * NSEC_PER_S;
    uint64_t from = plan->config.measure_from + outputs->sustained_skip_s * NSEC_PER_S;
    uint64_t both, sent;
    CHECK(outputs->sustained);
    const struct sim_relay_measure *relay = &source->relays[plan_relay_named(plan, outputs->sustained)];
    struct results_sustained out = {
        .is_there = greatest(relay, (from + interval - 1) / interval, window / interval, &both, &sent)};
    if (out.is_there) {
        out.both_mbit = (double)both * 8e3 / (double)window;
        out.relayed_mbit = (double)sent * 8e3 / (double)window;
    }
    return out;
}
