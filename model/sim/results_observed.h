/* results_observed - what an adversary saw, as files that loom_analysis.observed reads; and, apart, what is true.
 *
 * observed/ has manifest.json, which vouches for a private simulated network and for the other files' bytes, relays.csv, series.csv,
 * series.u32 and rtt.csv (docs/security.md); truth.csv lies beside that folder, and no manifest names it. Names are a letter and a
 * number. Only what was seen after the warm-up is there. Deterministic, as all results. */
#ifndef LOOM_SIM_RESULTS_OBSERVED_H
#define LOOM_SIM_RESULTS_OBSERVED_H

#include "sim/results_folder.h"
#include "sim/results_source.h"

#define OBSERVATIONS_FORMAT 1

/* Nothing is written when nothing was observed. */
MUST_USE bool results_write_observed(struct results_folder *folder, const struct results_source *source,
                                     struct mistake *mistake);

#endif
