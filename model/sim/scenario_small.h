/* scenario_small - the smallest whole scenario, which tests change; "{...}" of a part of it in a macro each. */
#ifndef LOOM_SIM_SCENARIO_SMALL_H
#define LOOM_SIM_SCENARIO_SMALL_H

#include <stdio.h>
#include <stdlib.h>

#include "sim/scenario.h"
#include "support/test.h"

#define SMALL_HEAD "name: small\nwarm_up_s: 1\nduration_s: 2\nseeds: {first: 1, last: 2}\n"
#define SMALL_NETWORK                                                      \
    "network: {inline: [{country: DE, weight: 1, capacity_kbit: 9000}]}\n" \
    "topology: {latencies: countries.latency}\n"
#define SMALL_CLASSES "hardware: {classes: [{name: any, cores: 1}]}\n"
#define SMALL_ARMS    "arms: [{name: tor, percent: 0}]\n"
#define SMALL_TRAFFIC                                                           \
    "traffic:\n    users: [{country: DE, share: 1}]\n    servers: {count: 1}\n" \
    "    clients: [{name: web, hosts: 1, pause_ms: 10, files: [{bytes: 100}]}]\n"
#define SMALL SMALL_HEAD SMALL_NETWORK SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC

static inline void small_parse(const char *text, struct scenario *out) {
    struct mistake m = {""};
    if (!scenario_parse("small.yaml", text, strlen(text), out, &m))
        fail_msg("%s", m.text);
}

/* A file of the source tree. */
static inline void source_path(const char *name, char out[static 512]) {
    const char *root = getenv("LOOM_SOURCE_DIR");
    snprintf(out, 512, "%s/%s", root ? root : ".", name);
}

#endif
