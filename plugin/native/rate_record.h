/* rate_record - the best rate over ten seconds of the last day: the observed bandwidth of a descriptor.
 *
 * Owner: whoever holds it; told once a second. Memory: in place. */
#ifndef LOOM_NATIVE_RATE_RECORD_H
#define LOOM_NATIVE_RATE_RECORD_H

#include <stdint.h>

#define RATE_WINDOW_S 10u
#define RATE_PERIODS  24u
#define RATE_PERIOD_S 3600u

struct rate_record {
    uint64_t totals[RATE_WINDOW_S]; /* of the last seconds, in a ring */
    uint64_t best[RATE_PERIODS];    /* bytes per second, of each of the last hours, in a ring */
    uint64_t seconds;               /* told so far */
};

/* A second has passed; total counts all bytes since the start. */
void rate_record_add(struct rate_record *record, uint64_t total);
/* Bytes per second; 0 before the first ten seconds. */
uint64_t rate_record_best(const struct rate_record *record);

#endif
