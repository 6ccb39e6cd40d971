/* scenario_hardware - which machine each relay runs on, by the rule that the scenario states, and without chance.
 *
 * Relays are taken in the order of their capacity. Each gets, of the classes that are for its capacity, the one that is
 * furthest behind its share of such relays. So a class's machines spread evenly over its range.
 * The line is apart from the machine: the next of 100 Mbit/s, 1, 10 and 100 Gbit/s at or above the capacity, because a
 * capacity that was seen already has the limit of the CPU in it. */
#ifndef LOOM_SIM_SCENARIO_HARDWARE_H
#define LOOM_SIM_SCENARIO_HARDWARE_H

#include "cost/price.h"
#include "network/relay_table.h"
#include "sim/scenario.h"

/* Bytes a second. */
uint64_t scenario_line_rate(enum scenario_line_rate rule, uint64_t capacity);

/* Fill class_out with one index into classes for each of n rows of the table. */
MUST_USE bool scenario_hardware_assign(const struct scenario_hardware *hardware,
                                       const struct relay_table *table, const uint32_t *rows, uint32_t n,
                                       uint16_t *class_out, struct mistake *mistake);

/* What a middle relay that runs tor carries at most, in full records, with these prices: bytes of cells a second. */
uint64_t scenario_tor_rate(const struct cost_table *tor);
/* How long work takes on the machine of a relay, in permille of the profile. A capacity that was seen has the limit of
 * the CPU in it: a class may say that this limit was the CPU (capacity_percent). */
uint64_t scenario_slowness(const struct scenario_class *class, uint64_t tor_rate, uint64_t capacity);

#endif
