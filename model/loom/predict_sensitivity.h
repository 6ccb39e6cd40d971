/* predict_sensitivity - which numbers of a profile matter: each at its least and at its most, one at a time, and what that does
 * to the throughput of each variant (a profile with a number of threads), and to the last one's by the first one's.
 *
 * With several profiles a number is moved in all of them: it is one machine's. A number of which the load has no work at all
 * is not tried: it can change nothing. */
#ifndef LOOM_LOOM_PREDICT_SENSITIVITY_H
#define LOOM_LOOM_PREDICT_SENSITIVITY_H

#include "cost/price_numbers.h"
#include "loom/predict.h"

#define SENSITIVITY_VARIANTS_MAX 64u
#define SENSITIVITY_NUMBERS_MAX  128u

enum sensitivity_end { SENSITIVITY_LEAST, SENSITIVITY_MOST }; /* cheap, dear */

/* One number of the profiles. */
struct sensitivity_number {
    uint32_t number;                                 /* price_numbers.h */
    double cells_per_s[2][SENSITIVITY_VARIANTS_MAX]; /* by end */
    double weight;                                   /* what ranks it: see sensitivity_weigh */
};

struct sensitivity {
    const struct predict_options *options;
    const struct predict_machine *machines; /* options->profile_count; borrowed */
    uint32_t variants;                      /* profiles times numbers of threads */
    double base[SENSITIVITY_VARIANTS_MAX];  /* cells a second with all numbers at their values */
    struct sensitivity_number numbers[SENSITIVITY_NUMBERS_MAX]; /* heaviest first */
    uint32_t count;
};

/* Called after each of all runs. */
typedef void sensitivity_progress(void *context, uint32_t done, uint32_t all);

MUST_USE bool sensitivity_make(const struct predict_options *options, const struct predict_machine *machines,
                               struct sensitivity *out, sensitivity_progress *progress, void *context,
                               struct mistake *mistake);

/* Throughput of the last variant by that of the first. */
double sensitivity_ratio(const struct sensitivity *s, const double cells_per_s[static 1]);
/* The relative length of what a number's ends make of the ratio, or of the throughput when there is one variant. */
double sensitivity_weigh(const struct sensitivity *s, const struct sensitivity_number *number);

void sensitivity_print(const struct sensitivity *s, FILE *out);
MUST_USE bool sensitivity_print_json(const struct sensitivity *s, FILE *out);

/* loom predict --sensitivity; returns an exit status. */
int predict_sensitivity_command(const struct predict_options *options);

#endif
