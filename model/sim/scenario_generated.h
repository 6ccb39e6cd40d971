/* scenario_generated - a network that tornettools generated, as the simulator and a scenario take it.
 *
 * Its clients become two groups of the scenario: "perf", which fetch files and are measured, and "markov", the load. */
#ifndef LOOM_SIM_SCENARIO_GENERATED_H
#define LOOM_SIM_SCENARIO_GENERATED_H

#include "network/generated_network.h"
#include "sim/scenario.h"
#include "sim/sim_config.h"

#define GENERATED_FLOWS_AT_ONCE 512u /* of a client; tornettools' have some fifty */

/* The table of its relays, and the groups of its clients, of which the scenario has none yet. False without memory. */
MUST_USE bool scenario_generated_take(const struct generated_network *network, struct scenario *scenario,
                                      struct relay_table *relays_out);
/* What its flows do; borrows its models. */
struct sim_flows scenario_generated_flows(const struct generated_network *network);

/* Number of a country in the table of latencies, or of that which the scenario says is taken instead. */
MUST_USE bool scenario_country(const struct scenario *scenario, const struct country_latency *latency,
                               struct country country, uint16_t *out, struct mistake *mistake);

#endif
