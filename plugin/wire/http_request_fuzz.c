#include "wire/http_request.h"

#include "base/check.h"
#include "support/fuzz.h"

static void check_inside(struct span part, const uint8_t *data, size_t size) {
    if (part.length > 0)
        CHECK(part.data >= data && part.data + part.length <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct http_request r;
    if (http_request_parse((struct span){data, size}, &r) != ERR_OK)
        return 0;
    CHECK(r.head_length <= size && r.head_length <= HTTP_HEAD_MAX);
    CHECK(r.path.length > 0 && r.path.data[0] == '/');
    CHECK(r.encodings & 1u << HTTP_IDENTITY);
    check_inside(r.path, data, r.head_length);
    check_inside(r.diff_from, data, r.head_length);
    return 0;
}
