/* staging - relays as tornettools stages them (relayinfo_staging_*.json), as values.
 *
 * Memory: owns its relays. Bound: STAGING_BYTES_MAX, STAGING_RELAYS_MAX. */
#ifndef LOOM_NETWORK_STAGING_H
#define LOOM_NETWORK_STAGING_H

#include "network/country_latency.h"

#define STAGING_BYTES_MAX  (64u << 20)
#define STAGING_RELAYS_MAX 100000u

struct staged_relay {
    uint8_t rsa_id[20];
    uint64_t capacity; /* "bandwidth_capacity", bytes/s */
    uint64_t rate;     /* "bandwidth_rate", bytes/s */
    uint64_t burst;    /* "bandwidth_burst", bytes */
    struct country country;
};

struct staging {
    uint32_t count;
    struct staged_relay *relays; /* by rsa_id, ascending */
};

/* Read the text, which ends in a NUL; file is its name in mistakes. On failure out holds nothing. */
MUST_USE bool staging_parse(const char *file, const char *text, size_t length, struct staging *out,
                            struct mistake *mistake);
void staging_fini(struct staging *staging);
/* NULL when it was not staged. */
const struct staged_relay *staging_find(const struct staging *staging, const uint8_t rsa_id[static 20]);
/* The line of text where the key fingerprint stands, for mistakes (values of JSON do not know theirs); 0 when nowhere. */
uint32_t staging_line_of(const char *text, size_t length, const char *fingerprint);

#endif
