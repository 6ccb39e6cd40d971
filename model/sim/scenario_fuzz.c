#include "sim/scenario.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* Whatever is taken says the same again as JSON, and has what the rest of the program counts on. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct scenario s;
    struct mistake m;
    if (!scenario_parse("fuzz", (const char *)data, size, &s, &m))
        return 0;
    if (!s.arms.n || !s.hardware.classes.n || !s.duration_s)
        abort();
    if (!s.network.generated && (!s.traffic.clients.n || !s.traffic.users.n || !s.traffic.servers.count))
        abort();
    json_t *json = record_json(&scenario_record, &s);
    if (!json)
        abort();
    json_decref(json);
    scenario_fini(&s);
    return 0;
}
