#include "wire/ed_cert.h"

#include "support/fuzz_message.h"

static void ed_cert_encode(struct bytes_out *out, const struct ed_cert *cert) {
    ed_cert_encode_unsigned(out, cert);
    bytes_put(out, cert->signature, sizeof(cert->signature));
}

/* Unknown extensions are not kept, so what was signed may differ. */
static bool ed_cert_equal(const struct ed_cert *before, const struct ed_cert *after) {
    struct ed_cert expected = *before;
    expected.signed_part = after->signed_part;
    return FUZZ_MEMORY_EQUAL(&expected, after);
}

static bool cross_cert_equal(const struct rsa_ed_cross_cert *a, const struct rsa_ed_cross_cert *b) {
    return memcmp(a->ed_id, b->ed_id, sizeof(a->ed_id)) == 0 && a->expires_hours == b->expires_hours &&
           fuzz_span_equal(a->signature, b->signature);
}

/* The first byte says which certificate the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    const struct span bytes = {data + 1, size - 1};
    if (data[0] % 2 == 0)
        FUZZ_ROUND_TRIP(struct ed_cert, ed_cert_decode, ed_cert_encode, ed_cert_equal, bytes);
    else
        FUZZ_ROUND_TRIP(struct rsa_ed_cross_cert, rsa_ed_cross_cert_decode, rsa_ed_cross_cert_encode,
                        cross_cert_equal, bytes);
    return 0;
}
