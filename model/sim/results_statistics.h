/* results_statistics - quantiles of samples, and means over seeds with their 95 % intervals.
 *
 * Quantiles are integers, so that they are the same everywhere. The interval of a mean is Student's, for values that are
 * about normal over seeds; with one value there is none. */
#ifndef LOOM_SIM_RESULTS_STATISTICS_H
#define LOOM_SIM_RESULTS_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct results_interval {
    double mean;
    double half;         /* mean +- half: of the mean */
    double further_half; /* mean +- this: a prediction interval, for the value of one more seed */
    bool has_half;       /* otherwise both are 0 */
};

void results_sort(uint64_t *values, size_t n);
/* Between the two nearest of n > 0 sorted values, as numpy.quantile; rounded down. */
uint64_t results_quantile(const uint64_t *sorted, size_t n, uint32_t permille);
/* The same of values of which only the bin is known: bin 0 holds 0, bin b at least 2^(b-1) and less than 2^b. 0 without
 * any. */
uint64_t results_bin_quantile(const uint64_t *bins, uint32_t count, uint32_t permille);
/* Of n > 0 values. */
struct results_interval results_mean(const double *values, size_t n);

#endif
