#include "cost/profile.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* Whatever is taken can be used: pricing CHECKs its table, and the ends are around the value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cost_profile p;
    struct mistake m;
    if (!cost_profile_parse("fuzz", (const char *)data, size, &p, &m))
        return 0;
    const struct work work = {.reads = 3, .circuit_switches = 5, .aes_bytes = UINT64_MAX};
    const struct working_set set = {.halves_active = 1000};
    nsec value = cost_price(&p.value, &work, &set);
    if (cost_price(&p.least, &work, &set) > value || cost_price(&p.most, &work, &set) < value)
        abort();
    return 0;
}
