#include "wire/stream_messages.h"

#include "support/fuzz_message.h"

/* The time to live is clipped on its way out. */
static bool connected_equal(const struct connected_message *before, const struct connected_message *after) {
    struct connected_message expected = *before;
    if (expected.ttl_s > CONNECTED_TTL_MAX_S)
        expected.ttl_s = CONNECTED_TTL_MAX_S;
    return address_equal(&expected.address, &after->address) && expected.ttl_s == after->ttl_s;
}

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    switch (data[0] % 3) {
    case 0: FUZZ_ROUND_TRIP(struct begin_message, begin_decode, begin_encode, FUZZ_MEMORY_EQUAL, body); break;
    case 1:
        FUZZ_ROUND_TRIP(struct connected_message, connected_decode, connected_encode, connected_equal, body);
        break;
    default:
        FUZZ_ROUND_TRIP(struct sendme_message, sendme_decode, sendme_encode, FUZZ_MEMORY_EQUAL, body);
        break;
    }
    (void)end_reason_decode(body);
    return 0;
}
