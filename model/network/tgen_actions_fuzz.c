#include "network/tgen_actions.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* What is taken can be done. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct tgen_actions actions;
    struct mistake m;
    if (!tgen_actions_parse("fuzz", (const char *)data, size, &actions, &m))
        return 0;
    if (actions.kind == TGEN_PERIODIC && (actions.fetch_count == 0 || actions.pause == 0))
        abort();
    if (actions.kind == TGEN_FLOWS && (!actions.flows[0] || !actions.streams[0] || !actions.packets[0]))
        abort();
    return 0;
}
