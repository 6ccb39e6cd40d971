#include "wire/descriptor_cut.h"

#include "base/check.h"
#include "support/fuzz.h"

static void check_inside(struct span part, const struct span *whole) {
    CHECK(part.length > 0);
    CHECK(part.data >= whole->data && part.data + part.length <= whole->data + whole->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct span whole = {data, size};
    struct span rest = whole, one, signed_part;
    const uint8_t *last = data;
    while (microdescriptor_cut(&rest, &one)) {
        check_inside(one, &whole);
        CHECK(one.data >= last && one.length <= MICRODESCRIPTOR_LEN_MAX);
        last = one.data + one.length;
    }
    rest = whole;
    last = data;
    while (descriptor_cut(&rest, &one, &signed_part)) {
        check_inside(one, &whole);
        check_inside(signed_part, &one);
        CHECK(one.data >= last && one.length <= DESCRIPTOR_CUT_LEN_MAX);
        last = one.data + one.length;
    }
    return 0;
}
