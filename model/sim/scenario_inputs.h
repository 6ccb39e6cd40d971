/* scenario_inputs - the files that a scenario names, read: relays or a whole network, latencies, price profiles; and each one's
 * hash.
 *
 * Names are relative to the scenario's folder. A mistake in a file is placed in that file; a file that is not there, at the
 * key that names it.
 * Memory: owns everything. */
#ifndef LOOM_SIM_SCENARIO_INPUTS_H
#define LOOM_SIM_SCENARIO_INPUTS_H

#include "cost/profile.h"
#include "network/generated_network.h"
#include "network/relay_table.h"
#include "sim/results_hash.h"
#include "sim/scenario.h"

#define SCENARIO_INPUTS_MAX 5u /* the scenario itself and what it names */

struct scenario_input {
    const char *key;  /* "network.relays"; of the scenario itself "scenario" */
    const char *name; /* as the scenario writes it */
    size_t bytes;
    char sha256[RESULTS_HASH_TEXT];
};

struct scenario_inputs {
    struct scenario scenario;
    struct relay_table relays;          /* heaviest first; of any network */
    struct generated_network generated; /* when is_generated; its relays are in the order of the table's */
    bool
        is_generated; /* and the scenario has its groups of clients: what fetches files is measured, flows are load */
    struct country_latency latency;
    struct cost_profile tor, loom;
    bool has_prices;
    uint32_t count;
    struct scenario_input inputs[SCENARIO_INPUTS_MAX];
    char *folder; /* of the scenario */
    char *file_name;
};

/* Read everything. relays: takes the place of the table, or of the generated network, that the scenario names, relative to
 * the working folder; or NULL. On failure out holds nothing. */
MUST_USE bool scenario_inputs_read(const char *path, const char *relays, struct scenario_inputs *out,
                                   struct mistake *mistake);
/* The same of a scenario with values changed; changes may be NULL, and are borrowed for the call. */
MUST_USE bool scenario_inputs_read_changed(const char *path, const struct settings_changes *changes,
                                           const char *relays, struct scenario_inputs *out,
                                           struct mistake *mistake);
void scenario_inputs_fini(struct scenario_inputs *inputs);

#endif
