/* calendar - civil time, as a clock on the wall of the operator shows it: the system's local time, or a test's.
 *
 * Thread: any; the system's zone is read once, when it is first asked. */
#ifndef LOOM_NATIVE_CALENDAR_H
#define LOOM_NATIVE_CALENDAR_H

#include <stdint.h>

#define CALENDAR_TEXT_MAX 24u /* "YYYY-MM-DD HH:MM:SS" and NUL */

struct civil_time {
    int32_t year;
    int32_t month;   /* 1 to 12 */
    int32_t day;     /* 1 to 31 */
    int32_t weekday; /* 0: Sunday */
    int32_t hour, minute, second;
};

struct calendar {
    /* What the clock shows at this time. */
    void (*civil)(uint64_t unix_s, struct civil_time *out);
    /* When it shows this; weekday is not looked at. Months and days may be out of range: month 0 is the December before, day 0
     * the last of the month before. Of an hour that comes twice, the first; of one that is left out, the one behind it. */
    uint64_t (*unix_s)(const struct civil_time *civil);
};

/* As the environment (TZ) and the system say. */
extern const struct calendar calendar_local;
extern const struct calendar calendar_utc;

/* "YYYY-MM-DD HH:MM:SS". Returns out. */
const char *calendar_text(const struct calendar *calendar, uint64_t unix_s,
                          char out[static CALENDAR_TEXT_MAX]);

#endif
