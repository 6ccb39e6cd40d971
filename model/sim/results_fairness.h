/* results_fairness - how alike hosts fare that ask for the same: Jain's index.
 *
 * Each transfer counts by its rate over the median rate of all transfers of its kind (a file's size, say), so that who drew
 * larger files does not stand out; each host by the mean of its transfers. Of n hosts the index is from 1/n (one has
 * everything) to 1 (all have the same). */
#ifndef LOOM_SIM_RESULTS_FAIRNESS_H
#define LOOM_SIM_RESULTS_FAIRNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct results_rate {
    uint32_t kind, host;
    uint64_t bits; /* a second, more than 0 */
    double share;  /* filled in: of the median of its kind */
};

/* Sorts rates. False: there are fewer than two hosts. */
MUST_USE bool results_fairness(struct results_rate *rates, size_t n, double *index_out);

#endif
