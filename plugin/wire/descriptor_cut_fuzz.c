#include "wire/descriptor_cut.h"

#include <string.h>

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
        /* What names an identity names the same one with other descriptors behind it. */
        uint8_t ed_id[32], again[32];
        const struct span longer = {one.data, (size_t)(rest.data + rest.length - one.data)};
        if (descriptor_ed_id(one, ed_id))
            CHECK(descriptor_ed_id(longer, again) && memcmp(ed_id, again, sizeof ed_id) == 0);
        CHECK(one.data >= last && one.length <= DESCRIPTOR_CUT_LEN_MAX);
        last = one.data + one.length;
    }
    return 0;
}
