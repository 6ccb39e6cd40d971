/* results - write what a run measured into its folder: docs/results.md says what is in each file.
 *
 * Everything here is deterministic: a function of scenario, inputs and seed. What the host did is results_host.h. */
#ifndef LOOM_SIM_RESULTS_H
#define LOOM_SIM_RESULTS_H

#include "sim/results_folder.h"
#include "sim/results_summary.h"

#define RESULTS_FORMAT 1

/* manifest.json, summary.json, the series and tornet.plot.data/. */
MUST_USE bool results_write(struct results_folder *folder, const struct results_source *source,
                            const struct results_summary *summary, struct mistake *mistake);

/* Its parts, one file each. */
MUST_USE json_t *results_manifest(const struct results_source *source);
MUST_USE bool results_write_series(struct results_folder *folder, const struct results_source *source,
                                   struct mistake *mistake);
MUST_USE bool results_write_plots(struct results_folder *folder, const struct results_source *source,
                                  struct mistake *mistake);
/* observed/, what an adversary saw after the warm-up, as loom_analysis.observed reads it, and truth.csv beside it, which no manifest of
 * his names (docs/security.md). Nothing when nothing was observed. */
MUST_USE bool results_write_observed(struct results_folder *folder, const struct results_source *source,
                                     struct mistake *mistake);

#endif
