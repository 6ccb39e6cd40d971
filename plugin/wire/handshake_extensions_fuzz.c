#include "wire/handshake_extensions.h"

#include "support/fuzz_message.h"

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span message = {data + 1, size - 1};
    if (data[0] & 1)
        FUZZ_ROUND_TRIP(struct handshake_request, handshake_request_decode, handshake_request_encode,
                        FUZZ_MEMORY_EQUAL, message);
    else
        FUZZ_ROUND_TRIP(struct handshake_reply, handshake_reply_decode, handshake_reply_encode,
                        FUZZ_MEMORY_EQUAL, message);
    return 0;
}
