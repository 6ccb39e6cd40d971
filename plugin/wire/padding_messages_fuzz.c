#include "wire/padding_messages.h"

#include "support/fuzz_message.h"

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    if (data[0] % 2)
        FUZZ_ROUND_TRIP(struct circuit_padding_message, circuit_padding_decode, circuit_padding_encode,
                        FUZZ_MEMORY_EQUAL, body);
    else
        FUZZ_ROUND_TRIP(struct padding_negotiated_message, padding_negotiated_decode,
                        padding_negotiated_encode, FUZZ_MEMORY_EQUAL, body);
    return 0;
}
