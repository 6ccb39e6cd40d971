#include "wire/multipath_messages.h"

#include "support/fuzz_message.h"

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    switch (data[0] % 4) {
    case 0: FUZZ_ROUND_TRIP(struct xon_message, xon_decode, xon_encode, FUZZ_MEMORY_EQUAL, body); break;
    case 1:
        FUZZ_ROUND_TRIP(struct conflux_link_message, conflux_link_decode, conflux_link_encode,
                        FUZZ_MEMORY_EQUAL, body);
        break;
    case 2:
        FUZZ_ROUND_TRIP(struct conflux_switch_message, conflux_switch_decode, conflux_switch_encode,
                        FUZZ_MEMORY_EQUAL, body);
        break;
    default: (void)!xoff_decode(body); break;
    }
    return 0;
}
