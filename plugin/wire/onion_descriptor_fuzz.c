#include "wire/onion_descriptor.h"

#include "base/check.h"
#include "support/fuzz.h"

static void check_inside(struct span part, const uint8_t *data, size_t size) {
    CHECK(part.length == 0 || (part.data >= data && part.data + part.length <= data + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct onion_descriptor d;
    uint8_t key[ONION_KEY_LEN];
    if (onion_key_parse((struct span){data, size}, key))
        CHECK(size == 43);
    if (onion_descriptor_parse((struct span){data, size}, &d))
        return 0;
    CHECK(d.lifetime_s <= ONION_DESCRIPTOR_LIFETIME_MAX_S);
    CHECK(d.signed_part.data == data && d.signed_part.length < size);
    CHECK(d.sealed.length > ONION_DESCRIPTOR_SEALED_MIN);
    check_inside(d.certificate, data, size);
    check_inside(d.sealed, data, size);
    return 0;
}
