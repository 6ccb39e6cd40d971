#include "native/rate_record.h"

void rate_record_add(struct rate_record *record, uint64_t total) {
    uint64_t *place = &record->totals[record->seconds % RATE_WINDOW_S];
    uint64_t *best = &record->best[record->seconds / RATE_PERIOD_S % RATE_PERIODS];
    if (record->seconds % RATE_PERIOD_S == 0)
        *best = 0;
    if (record->seconds >= RATE_WINDOW_S && (total - *place) / RATE_WINDOW_S > *best)
        *best = (total - *place) / RATE_WINDOW_S;
    *place = total;
    record->seconds++;
}

uint64_t rate_record_best(const struct rate_record *record) {
    uint64_t best = 0;
    for (unsigned i = 0; i < RATE_PERIODS; i++)
        best = record->best[i] > best ? record->best[i] : best;
    return best;
}
