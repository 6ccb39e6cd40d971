/* sim_delays - median and 99th percentile of delays, taken as loom-load takes them (load/load_delays.h).
 *
 * Of the cells of one way that come within a slice of time both are found, and told is the median of these over all slices of all
 * ways; so what happens seldom does not move them, as natively what other programs do does not. Slices of fewer than SIM_DELAYS_LEAST
 * cells and the last one of a way, which is not whole, are left out. When no slice is left both are of all cells.
 * Pure. */
#ifndef LOOM_SIM_SIM_DELAYS_H
#define LOOM_SIM_SIM_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/nsec.h"

#define SIM_DELAYS_SLICE (10 * NSEC_PER_MS) /* LOAD_DELAY_SLICE_NS */
#define SIM_DELAYS_LEAST 100u               /* SLICE_LEAST of load_delays.c */

struct sim_delay {
    nsec at; /* when the cell came */
    uint32_t delay;
    uint32_t way;
};

/* Brings delays into another order. Zero when there are none. False without memory. */
MUST_USE bool sim_delays_quantiles(struct sim_delay *delays, uint32_t count, const struct memory *memory,
                                   nsec *median_out, nsec *p99_out);

#endif
