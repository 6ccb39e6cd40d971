/* scenario_places - countries drawn by their shares.
 *
 * Memory: owns its arrays. */
#ifndef LOOM_SIM_SCENARIO_PLACES_H
#define LOOM_SIM_SCENARIO_PLACES_H

#include "base/rng.h"
#include "network/country_latency.h"
#include "sim/scenario.h"

/* Each kind of draw has a stream of its own. */
enum places_stream { PLACES_USERS = 1, PLACES_SERVERS = 2 };

struct places {
    uint32_t n;
    uint16_t *countries; /* index into the table of latencies */
    uint64_t *until;     /* sum of shares up to and with this one */
    struct rng rng;
};

/* list is of struct scenario_place. On failure out holds nothing. */
MUST_USE bool places_init(struct places *out, const struct record_list *list,
                          const struct country_latency *latency, uint64_t seed, enum places_stream stream,
                          struct mistake *mistake);
void places_fini(struct places *places);
MUST_USE uint16_t places_draw(struct places *places);

#endif
