#include "wire/protocol_list.h"

#include "base/check.h"
#include "support/fuzz.h"

/* Reads nothing outside; and what no list can name is in none. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct span list = {data, size};
    uint32_t count = 0;
    for (uint32_t version = 0; version <= PROTOCOL_VERSION_MAX; version++)
        count += protocol_list_has(list, "Relay", version);
    CHECK(count <= 8 * size * PROTOCOL_VERSION_MAX); /* none without bytes */
    CHECK(!protocol_list_has(list, "Relay", PROTOCOL_VERSION_MAX + 1));
    CHECK(!protocol_list_has(list, "a b", 1));
    return 0;
}
