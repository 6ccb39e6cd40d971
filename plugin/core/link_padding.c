#include "core/link_padding.h"

void link_padding_negotiate(struct link_padding *padding, const struct padding_negotiate_message *message) {
    padding->is_stopped = !message->start;
    padding->low_ms = message->timeout_low_ms;
    padding->high_ms = message->timeout_high_ms;
}

bool link_padding_applies(const struct link_padding *padding, bool is_client,
                          const struct consensus_params *params) {
    if (padding->is_stopped || (!is_client && !params->nf_pad_relays))
        return false;
    return padding->use == LINK_HAS_TRAFFIC ||
           (padding->use == LINK_HAS_CIRCUITS && params->nf_pad_before_usage);
}

nsec link_padding_pause(const struct link_padding *padding, const struct consensus_params *params,
                        struct rng *rng) {
    uint32_t low = (uint32_t)params->nf_ito_low_ms, high = (uint32_t)params->nf_ito_high_ms;
    if (high == 0)
        return 0;
    if (padding->low_ms > low)
        low = padding->low_ms;
    if (padding->high_ms > high)
        high = padding->high_ms;
    if (low >= high)
        return (nsec)low * NSEC_PER_MS;
    uint64_t range = (uint64_t)(high - low) * NSEC_PER_MS;
    uint64_t first = rng_below(rng, range), second = rng_below(rng, range);
    return (nsec)low * NSEC_PER_MS + (first > second ? first : second);
}
