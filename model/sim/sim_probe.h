/* sim_probe - what comes of the fetches of a client that probes: circuits of two hops: the relay that is asked about,
 * and an exit of the adversary's own, for no relay serves circuits of one hop (tor-spec 6.2).
 *
 * Owner: its client. Memory: 4 bytes a session, and those of the watch. */
#ifndef LOOM_SIM_SIM_PROBE_H
#define LOOM_SIM_SIM_PROBE_H

#include "sim/sim_watch.h"

struct sim_client;
struct sim_probe;

/* NULL without memory. */
MUST_USE struct sim_probe *sim_probe_new(struct sim_client *client);
/* NULL is fine. */
void sim_probe_free(struct sim_client *client, struct sim_probe *probe);
/* A bin ends; looks again when the next does. What came of a fetch after its last look and before its end is not seen. */
void sim_probe_look(struct sim_client *client, nsec now);
/* NULL: none. */
struct sim_sights sim_probe_sights(const struct sim_probe *probe);

#endif
