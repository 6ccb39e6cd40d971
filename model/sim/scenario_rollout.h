/* scenario_rollout - which relays of an arm run Loom: the first percent of them in the arm's order.
 *
 * Paired: in each order, a relay that runs Loom at some percent does so at any higher one, for the same seed. */
#ifndef LOOM_SIM_SCENARIO_ROLLOUT_H
#define LOOM_SIM_SCENARIO_ROLLOUT_H

#include "network/relay_table.h"
#include "sim/scenario.h"

/* Fill is_loom_out for each of n rows of the table. False without memory. */
MUST_USE bool scenario_rollout_choose(const struct scenario_arm *arm, uint64_t seed,
                                      const struct relay_table *table, const uint32_t *rows, uint32_t n,
                                      bool *is_loom_out);

#endif
