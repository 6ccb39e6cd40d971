#include "network/shadow_config.h"

#include <stdlib.h>
#include <string.h>

#include "support/fuzz.h"

/* What is taken has names, lines and places. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct shadow_config config;
    struct mistake m;
    if (!shadow_config_parse("fuzz", (const char *)data, size, &config, &m))
        return 0;
    for (uint32_t i = 0; i < config.count; i++) {
        const struct shadow_host *host = &config.hosts[i];
        if (host->name[0] == '\0' || host->up == 0 || host->down == 0 || strlen(host->country.code) != 2)
            abort();
        if (host->has_tgen && host->tgen[0] == '\0')
            abort();
    }
    shadow_config_fini(&config);
    return 0;
}
