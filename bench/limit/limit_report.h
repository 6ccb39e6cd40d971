/* limit_report - what loom-limit found out, as one JSON object; its keys are those of loom-load where they mean the same. */
#ifndef LOOM_LIMIT_LIMIT_REPORT_H
#define LOOM_LIMIT_LIMIT_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/nsec.h"
#include "limit/limit_options.h"

/* One measurement. */
struct limit_window {
    nsec elapsed, relay_busy, generator_busy; /* CPU time of the two threads */
    uint64_t cells, records_out, calls;
};

struct limit_report {
    const struct limit_options *options;
    const char *cipher;
    struct limit_window windows[LIMIT_REPEATS_MAX];
    uint64_t verified, lost, wrong;
};

/* Nanoseconds of the relay for a cell: the median over the windows. */
double limit_report_median(const struct limit_report *report);
void limit_report_print(const struct limit_report *report, FILE *out);

#endif
