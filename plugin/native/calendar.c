#include "native/calendar.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static void from_tm(const struct tm *tm, struct civil_time *out) {
    *out = (struct civil_time){.year = tm->tm_year + 1900,
                               .month = tm->tm_mon + 1,
                               .day = tm->tm_mday,
                               .weekday = tm->tm_wday,
                               .hour = tm->tm_hour,
                               .minute = tm->tm_min,
                               .second = tm->tm_sec};
}

#define DAY_S 86400

/* What a clock on UTC would have to be to show this; months and days are brought into range. */
static int64_t as_utc(const struct civil_time *civil) {
    struct tm tm = {.tm_year = civil->year - 1900,
                    .tm_mon = civil->month - 1,
                    .tm_mday = civil->day,
                    .tm_hour = civil->hour,
                    .tm_min = civil->minute,
                    .tm_sec = civil->second};
    return timegm(&tm);
}

static uint64_t not_before_1970(int64_t unix_s) {
    return unix_s < 0 ? 0 : (uint64_t)unix_s;
}

/* A year that int does not hold: 1970. */
static struct tm local_tm(int64_t unix_s) {
    time_t t = (time_t)unix_s;
    struct tm tm;
    return localtime_r(&t, &tm) ? tm : (struct tm){.tm_year = 70, .tm_mday = 1};
}

static bool shows(int64_t unix_s, int64_t utc) {
    return unix_s + local_tm(unix_s).tm_gmtoff == utc;
}

static void local_civil(uint64_t unix_s, struct civil_time *out) {
    const struct tm tm = local_tm((int64_t)unix_s);
    from_tm(&tm, out);
}

/* mktime says now the one, now the other of two times that show the same. */
static uint64_t local_unix_s(const struct civil_time *civil) {
    int64_t utc = as_utc(civil);
    int64_t before = utc - local_tm(utc - DAY_S).tm_gmtoff, after = utc - local_tm(utc + DAY_S).tm_gmtoff;
    int64_t earlier = before < after ? before : after, later = before < after ? after : before;
    return not_before_1970(shows(earlier, utc) ? earlier : later);
}

static void utc_civil(uint64_t unix_s, struct civil_time *out) {
    time_t t = (time_t)unix_s;
    struct tm tm;
    if (!gmtime_r(&t, &tm))
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    from_tm(&tm, out);
}

static uint64_t utc_unix_s(const struct civil_time *civil) {
    return not_before_1970(as_utc(civil));
}

const struct calendar calendar_local = {local_civil, local_unix_s};
const struct calendar calendar_utc = {utc_civil, utc_unix_s};

const char *calendar_text(const struct calendar *calendar, uint64_t unix_s,
                          char out[static CALENDAR_TEXT_MAX]) {
    struct civil_time c;
    calendar->civil(unix_s, &c);
    snprintf(out, CALENDAR_TEXT_MAX, "%04d-%02u-%02u %02u:%02u:%02u", c.year % 10000, (unsigned)c.month % 100,
             (unsigned)c.day % 100, (unsigned)c.hour % 100, (unsigned)c.minute % 100,
             (unsigned)c.second % 100);
    return out;
}
