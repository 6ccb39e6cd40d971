/* scenario_twins - arms of a scenario that differ by nothing but their name: what one does, the other would do, to the last bit.
 *
 * With 0 connection threads there is one architecture: `vanilla`, `poc` and `full` do everything on the main thread. */
#ifndef LOOM_SIM_SCENARIO_TWINS_H
#define LOOM_SIM_SCENARIO_TWINS_H

#include <stdbool.h>

#include "cost/mapping.h"
#include "sim/scenario.h"

/* Connection threads that relays running Loom have in arm, when their machines have as many cores. */
uint64_t scenario_arm_threads(const struct scenario_arm *arm);
/* COST_VANILLA without connection threads. */
enum cost_mapping scenario_arm_mapping(const struct scenario_arm *arm);
bool scenario_arms_are_twins(const struct scenario_arm *a, const struct scenario_arm *b);

#endif
