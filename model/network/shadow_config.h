/* shadow_config - the hosts of shadow.config.yaml as tornettools writes it: where each is, its line, and when tgen starts.
 *
 * Of Shadow's other settings only how long it runs is looked at.
 * Memory: owns its hosts. Bound: SHADOW_HOSTS_MAX. */
#ifndef LOOM_NETWORK_SHADOW_CONFIG_H
#define LOOM_NETWORK_SHADOW_CONFIG_H

#include "base/nsec.h"
#include "network/country_latency.h"

#define SHADOW_HOSTS_MAX     32768u /* twice those of a whole network: 7000 relays, 8000 clients */
#define SHADOW_NAME_MAX      64u
#define SHADOW_ARGUMENTS_MAX 512u
#define SHADOW_RATE_MAX      UINT64_C(1000000000000) /* bytes/s */

struct shadow_host {
    uint32_t line;
    char name[SHADOW_NAME_MAX];
    struct country country;
    uint64_t up, down; /* bytes/s */
    bool has_tor;
    bool has_tgen;
    char tgen[SHADOW_ARGUMENTS_MAX]; /* its arguments: the path of what it does */
    nsec tgen_start;
};

struct shadow_config {
    struct shadow_host *hosts; /* in the order of the file */
    uint32_t count;
};

/* On failure out holds nothing. */
MUST_USE bool shadow_config_parse(const char *file, const char *text, size_t length,
                                  struct shadow_config *out, struct mistake *mistake);
void shadow_config_fini(struct shadow_config *config);

/* "500680 kilobit" in bytes a second. */
MUST_USE bool shadow_rate(const char *text, uint64_t *out);

#endif
