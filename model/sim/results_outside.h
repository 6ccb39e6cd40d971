/* results_outside - what another engine measured of a plan, read from the JSON that it wrote: into the values that results are
 * made from.
 *
 * {"format": 1, "clients": [{"builds": [[outcome, started, took]], "transfers": [[outcome, guard, middle, exit, session,
 *  number, server, file, bytes, is_new_circuit, started, built, asked, connected, first, last]]}],
 *  "relays": [[[bytes read, bytes written] of each second]]}
 * Times are nanoseconds of the scenario, -1: it did not happen; relays their numbers, -1: not known; outcomes sim_outcome_name's.
 * Bytes of a second are spread evenly over its samples. Processors are not measured: relays have no threads here.
 * Memory: owns its arrays. Bound: what the plan allows; anything else is a mistake in the file. */
#ifndef LOOM_SIM_RESULTS_OUTSIDE_H
#define LOOM_SIM_RESULTS_OUTSIDE_H

#include "sim/results_summary.h"

#define RESULTS_OUTSIDE_FORMAT 1

struct results_outside {
    struct sim_relay_measure *relays;
    struct sim_client_measure *clients;
    uint32_t relay_count, client_count;
    struct sim_totals totals; /* transfers and circuits; nothing of an engine's inside */
};

/* The file at path, of this plan. On failure out holds nothing. */
MUST_USE bool results_outside_read(const char *path, const struct plan *plan, struct results_outside *out,
                                   struct mistake *mistake);
void results_outside_fini(struct results_outside *outside);

#endif
