#include "sim/results_statistics.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void results_sort(uint64_t *values, size_t n) {
    if (n > 0)
        qsort(values, n, sizeof(*values), ascending);
}

uint64_t results_quantile(const uint64_t *sorted, size_t n, uint32_t permille) {
    CHECK(n > 0);
    CHECK(permille <= 1000);
    uint64_t at = (uint64_t)(n - 1) * permille;
    size_t i = (size_t)(at / 1000);
    uint64_t rest = at % 1000;
    uint64_t step = i + 1 < n ? sorted[i + 1] - sorted[i] : 0;
    return sorted[i] + step / 1000 * rest + step % 1000 * rest / 1000;
}

uint64_t results_bin_quantile(const uint64_t *bins, uint32_t count, uint32_t permille) {
    uint64_t total = 0, below = 0;
    for (uint32_t i = 0; i < count; i++)
        total += bins[i];
    uint64_t wanted = total / 1000 * permille + total % 1000 * permille / 1000;
    for (uint32_t i = 0; i < count; i++) {
        if (bins[i] && below + bins[i] >= wanted) {
            uint64_t least = i ? UINT64_C(1) << (i - 1) : 0;
            return least + (uint64_t)((double)least * (double)(wanted - below) / (double)bins[i]);
        }
        below += bins[i];
    }
    return 0;
}

/* Student's t at 0.975, by degrees of freedom from 1; NIST handbook, table 1.3.6.7.2. */
static double t_975(size_t freedom) {
    static const double table[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                   2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                   2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
    size_t n = sizeof(table) / sizeof(table[0]);
    return freedom <= n ? table[freedom - 1] : 1.96 + 2.4 / (double)freedom;
}

struct results_interval results_mean(const double *values, size_t n) {
    double sum = 0, squares = 0;
    CHECK(n > 0);
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    struct results_interval out = {.mean = sum / (double)n, .has_half = n > 1};
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - out.mean) * (values[i] - out.mean);
    if (out.has_half) {
        out.half = t_975(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
        out.further_half = out.half * sqrt((double)(n + 1));
    }
    return out;
}
