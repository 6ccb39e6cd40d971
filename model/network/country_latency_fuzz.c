#include "network/country_latency.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* What is taken is a symmetric table without zeros, in which each country is found. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct country_latency t;
    struct mistake m;
    if (!country_latency_parse("fuzz", (struct span){data, size}, &t, &m))
        return 0;
    for (uint32_t a = 0; a < t.count; a++) {
        if (country_latency_find(&t, t.countries[a]) != a)
            abort();
        for (uint32_t b = 0; b <= a; b++) {
            nsec latency = country_latency_between(&t, a, b);
            if (latency == 0 || latency >= COUNTRY_LATENCY_NS_MAX ||
                latency != country_latency_between(&t, b, a))
                abort();
        }
    }
    country_latency_fini(&t);
    return 0;
}
