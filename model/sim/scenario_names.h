/* scenario_names - relays and machines that a scenario refers to by name: found, and checked to be there.
 *
 * Only relays that the scenario itself writes down have names. */
#ifndef LOOM_SIM_SCENARIO_NAMES_H
#define LOOM_SIM_SCENARIO_NAMES_H

#include "sim/scenario.h"

#define SCENARIO_NOBODY UINT32_MAX

/* Whether each name is of somebody; and each relay's name and count are sound. */
MUST_USE bool scenario_names_check(const struct scenario *scenario, struct mistake *mistake);

/* What row `row` of the network's table was written as; NULL: it is of a table. */
const struct scenario_relay *scenario_relay_written(const struct scenario_network *network, uint32_t row);
/* Whether that relay is called name. */
bool scenario_relay_is(const struct scenario_network *network, uint32_t row, const char *name);
/* Relays that are written down. */
uint32_t scenario_relays_written(const struct scenario_network *network);
/* Index of the class, or SCENARIO_NOBODY. */
uint32_t scenario_class_find(const struct scenario_hardware *hardware, const char *name);

#endif
