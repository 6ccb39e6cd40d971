#include "wire/circuit_messages.h"

#include "support/fuzz_message.h"

static bool create2_equal(const struct create2_message *a, const struct create2_message *b) {
    return a->type == b->type && fuzz_span_equal(a->data, b->data);
}

static void created2_encode_pointed(struct bytes_out *out, const struct span *data) {
    created2_encode(out, *data);
}

static bool spans_equal(const struct span *a, const struct span *b) {
    return fuzz_span_equal(*a, *b);
}

static bool endpoint_equal(const struct endpoint *a, const struct endpoint *b) {
    return address_equal(&a->address, &b->address) && a->port == b->port;
}

static bool extend2_equal(const struct extend2_message *a, const struct extend2_message *b) {
    return endpoint_equal(&a->ipv4, &b->ipv4) && endpoint_equal(&a->ipv6, &b->ipv6) &&
           memcmp(a->rsa_id, b->rsa_id, RSA_ID_LEN) == 0 && a->has_ed_id == b->has_ed_id &&
           memcmp(a->ed_id, b->ed_id, ED_ID_LEN) == 0 && create2_equal(&a->create, &b->create);
}

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    switch (data[0] % 3) {
    case 0:
        FUZZ_ROUND_TRIP(struct create2_message, create2_decode, create2_encode, create2_equal, body);
        break;
    case 1: FUZZ_ROUND_TRIP(struct span, created2_decode, created2_encode_pointed, spans_equal, body); break;
    default:
        FUZZ_ROUND_TRIP(struct extend2_message, extend2_decode, extend2_encode, extend2_equal, body);
        break;
    }
    (void)reason_decode(body);
    return 0;
}
