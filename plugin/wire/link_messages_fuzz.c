#include "wire/link_messages.h"

#include "support/fuzz_message.h"

static bool certs_equal(const struct certs_message *a, const struct certs_message *b) {
    bool equal = true;
    for (unsigned type = 0; type < LINK_CERT_TYPES; type++)
        equal = equal && fuzz_span_equal(a->by_type[type], b->by_type[type]);
    return equal;
}

/* An unknown address of the peer goes out as 0.0.0.0. */
static bool netinfo_equal(const struct netinfo_message *before, const struct netinfo_message *after) {
    struct netinfo_message expected = *before;
    if (expected.other.family == ADDRESS_NONE)
        expected.other.family = ADDRESS_IPV4;
    return FUZZ_MEMORY_EQUAL(&expected, after);
}

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    switch (data[0] % 6) {
    case 0:
        FUZZ_ROUND_TRIP(struct versions_message, versions_decode, versions_encode, FUZZ_MEMORY_EQUAL, body);
        break;
    case 1: FUZZ_ROUND_TRIP(struct certs_message, certs_decode, certs_encode, certs_equal, body); break;
    case 2:
        FUZZ_ROUND_TRIP(struct auth_challenge_message, auth_challenge_decode, auth_challenge_encode,
                        FUZZ_MEMORY_EQUAL, body);
        break;
    case 3:
        FUZZ_ROUND_TRIP(struct authenticate_message, authenticate_decode, authenticate_encode,
                        FUZZ_MEMORY_EQUAL, body);
        break;
    case 4:
        FUZZ_ROUND_TRIP(struct netinfo_message, netinfo_decode, netinfo_encode, netinfo_equal, body);
        break;
    default:
        FUZZ_ROUND_TRIP(struct padding_negotiate_message, padding_negotiate_decode, padding_negotiate_encode,
                        FUZZ_MEMORY_EQUAL, body);
        break;
    }
    return 0;
}
