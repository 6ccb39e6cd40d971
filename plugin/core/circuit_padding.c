#include "core/circuit_padding.h"

#include "base/check.h"

#define INTRO_PAUSE_MIN (1 * NSEC_PER_MS)
#define INTRO_PAUSE_MAX (10 * NSEC_PER_MS)
#define REND_PAUSE_MAX  (1 * NSEC_PER_MS)

bool circuit_padding_start(struct circuit_padding *padding, uint8_t machine, uint32_t counter,
                           struct rng *rng) {
    *padding = (struct circuit_padding){.counter = counter, .machine = machine};
    if (machine == PADDING_MACHINE_INTRO)
        padding->left = (uint8_t)(INTRO_PADDING_MIN + rng_below(rng, INTRO_PADDING_MAX - INTRO_PADDING_MIN));
    else if (machine == PADDING_MACHINE_REND)
        padding->left = 1;
    return padding->left > 0;
}

nsec circuit_padding_pause(const struct circuit_padding *padding, struct rng *rng) {
    CHECK(padding->left > 0);
    if (padding->machine == PADDING_MACHINE_REND)
        return rng_below(rng, REND_PAUSE_MAX);
    return INTRO_PAUSE_MIN + rng_below(rng, INTRO_PAUSE_MAX - INTRO_PAUSE_MIN);
}

bool circuit_padding_sent(struct circuit_padding *padding) {
    CHECK(padding->left > 0);
    padding->left--;
    return padding->left == 0 && padding->machine == PADDING_MACHINE_INTRO;
}
