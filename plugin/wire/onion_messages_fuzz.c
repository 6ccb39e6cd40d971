#include "wire/onion_messages.h"

#include "support/fuzz_message.h"

static bool establish_intro_equal(const struct establish_intro_message *a,
                                  const struct establish_intro_message *b) {
    return FUZZ_MEMORY_EQUAL(&a->auth_key, &b->auth_key) && a->limit.kind == b->limit.kind &&
           a->limit.rate == b->limit.rate && a->limit.burst == b->limit.burst &&
           FUZZ_MEMORY_EQUAL(&a->mac, &b->mac) && FUZZ_MEMORY_EQUAL(&a->signature, &b->signature);
}

static bool introduce1_equal(const struct introduce1_message *a, const struct introduce1_message *b) {
    return FUZZ_MEMORY_EQUAL(&a->auth_key, &b->auth_key) && fuzz_span_equal(a->encrypted, b->encrypted);
}

static bool rendezvous1_equal(const struct rendezvous1_message *a, const struct rendezvous1_message *b) {
    return FUZZ_MEMORY_EQUAL(&a->cookie, &b->cookie) && fuzz_span_equal(a->handshake, b->handshake);
}

static enum err ack_decode(struct span body, uint16_t *out) {
    return introduce_ack_decode(body, out);
}

static void ack_encode(struct bytes_out *out, const uint16_t *status) {
    introduce_ack_encode(out, *status);
}

static void establish_intro(struct span body) {
    struct establish_intro_message m;
    FUZZ_ROUND_TRIP(struct establish_intro_message, establish_intro_decode, establish_intro_encode,
                    establish_intro_equal, body);
    if (establish_intro_decode(body, &m))
        return;
    CHECK(m.signed_part.length == m.maced.length + INTRO_MAC_LEN);
    CHECK(m.signed_part.length + INTRO_AFTER_SIGNED <= body.length);
    CHECK(m.limit.kind != INTRO_LIMIT_SET || (m.limit.rate > 0 && m.limit.rate <= m.limit.burst));
}

/* The first byte says which message the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span body = {data + 1, size - 1};
    uint8_t cookie[REND_COOKIE_LEN];
    switch (data[0] % 4) {
    case 0: establish_intro(body); break;
    case 1:
        FUZZ_ROUND_TRIP(struct introduce1_message, introduce1_decode, introduce1_encode, introduce1_equal,
                        body);
        break;
    case 2: FUZZ_ROUND_TRIP(uint16_t, ack_decode, ack_encode, FUZZ_MEMORY_EQUAL, body); break;
    default:
        FUZZ_ROUND_TRIP(struct rendezvous1_message, rendezvous1_decode, rendezvous1_encode, rendezvous1_equal,
                        body);
        CHECK((establish_rendezvous_decode(body, cookie) == ERR_OK) == (body.length == REND_COOKIE_LEN));
        break;
    }
    return 0;
}
