/* results_summary - the single numbers that a run is summed up in: what each is called, its unit and its value.
 *
 * Which there are, and their order, follows from the scenario alone, so those of all arms and seeds can be put side by side
 * by their index.
 * Memory: owns its quantities. */
#ifndef LOOM_SIM_RESULTS_SUMMARY_H
#define LOOM_SIM_RESULTS_SUMMARY_H

#include <jansson.h>

#include "sim/results_source.h"

#define RESULTS_OUTCOMES (SIM_OUTCOME_UNFINISHED + 1u)

struct results_quantity {
    char key[96];    /* "first_byte.51200.0.5", "bound.server" */
    char label[112]; /* "time to first byte, 50 KiB, median" */
    char unit[16];
    double value;  /* of twelve digits, as it is written */
    bool is_there; /* otherwise nothing was measured */
};

struct results_summary {
    uint32_t count;
    struct results_quantity *quantities;
    uint64_t outcomes[RESULTS_OUTCOMES]; /* of measured transfers */
    uint64_t relay_ns;                   /* measured time of all relays */
    uint64_t cpu_bound_ns;               /* of it */
};

/* False without memory. */
MUST_USE bool results_summary_make(const struct results_source *source, struct results_summary *out);
void results_summary_fini(struct results_summary *summary);
/* NULL: no such quantity. */
const struct results_quantity *results_summary_find(const struct results_summary *summary, const char *key);
/* What summary.json holds; NULL without memory. */
MUST_USE json_t *results_summary_json(const struct results_source *source,
                                      const struct results_summary *summary);

#endif
