/* results_resume - the summary of a run that was made before, read back from its folder. */
#ifndef LOOM_SIM_RESULTS_RESUME_H
#define LOOM_SIM_RESULTS_RESUME_H

#include "sim/results_summary.h"

/* False when path is no whole result of this very plan: then it is to be run. out is to be freed by the caller. */
MUST_USE bool results_resume(const char *path, const struct plan *plan, struct results_summary *out);

#endif
