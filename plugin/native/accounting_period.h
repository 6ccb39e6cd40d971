/* accounting_period - the months, weeks or days over which bytes are counted (AccountingStart), by the operator's clock.
 *
 * Pure; what the clock shows comes from a calendar. The laws, also where clocks are set for summer: an interval contains the
 * time that it was asked for, and all times in it have the same one; the next begins where it ends. */
#ifndef LOOM_NATIVE_ACCOUNTING_PERIOD_H
#define LOOM_NATIVE_ACCOUNTING_PERIOD_H

#include <stdint.h>

#include "base/attributes.h"

struct calendar;

enum accounting_unit { ACCOUNTING_MONTH, ACCOUNTING_WEEK, ACCOUNTING_DAY };

struct accounting_period {
    enum accounting_unit unit;
    uint8_t day;          /* of the month (1 to 28), or of the week (1: Monday to 7: Sunday) */
    uint8_t hour, minute; /* local time */
};

struct accounting_interval {
    uint64_t start_s, end_s; /* seconds since 1970; the end is in the next one */
};

/* tor's AccountingStart: "month DAY HH:MM", "week DAY HH:MM" or "day HH:MM". NULL when it is good, otherwise what was expected. */
MUST_USE const char *accounting_period_parse(const char *text, struct accounting_period *out);
/* The interval that now_s is in. */
struct accounting_interval accounting_interval_at(const struct accounting_period *period,
                                                  const struct calendar *calendar, uint64_t now_s);

#endif
