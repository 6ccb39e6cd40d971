#include "wire/directory_query.h"

#include "base/check.h"
#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct directory_query query;
    struct directory_id id;
    uint8_t base[32];
    struct span path = {data, size};
    directory_query_parse(path, &query);
    if (query.rest.length > 0)
        CHECK(query.rest.data >= data && query.rest.data + query.rest.length <= data + size);
    for (size_t n = 0; directory_query_next(&query, &id); n++) {
        CHECK(n < size);
        CHECK(id.length > 0 && id.length <= DIRECTORY_ID_MAX);
    }
    while (directory_base_next(&path, base))
        continue;
    return 0;
}
