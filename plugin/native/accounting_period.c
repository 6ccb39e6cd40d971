#include "native/accounting_period.h"

#include <stdbool.h>
#include <string.h>

#include "native/calendar.h"
#include "wire/text.h"

#define SUMMER_S (3u * 3600u) /* no clock is set by more than two hours */

static bool parse_unit(struct span word, enum accounting_unit *out) {
    static const char *const names[] = {
        [ACCOUNTING_MONTH] = "month", [ACCOUNTING_WEEK] = "week", [ACCOUNTING_DAY] = "day"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!span_is_nocase(word, names[i]))
            continue;
        *out = (enum accounting_unit)i;
        return true;
    }
    return false;
}

static bool parse_day(struct span word, uint64_t most, uint8_t *out) {
    uint64_t day;
    if (!text_u64(word, most, &day) || day == 0)
        return false;
    *out = (uint8_t)day;
    return true;
}

static bool parse_time(struct span word, struct accounting_period *out) {
    uint64_t hour, minute;
    const uint8_t *colon = word.length ? memchr(word.data, ':', word.length) : NULL;
    if (!colon)
        return false;
    size_t before = (size_t)(colon - word.data);
    if (!text_u64((struct span){word.data, before}, 23, &hour) ||
        !text_u64((struct span){colon + 1, word.length - before - 1}, 59, &minute))
        return false;
    out->hour = (uint8_t)hour;
    out->minute = (uint8_t)minute;
    return true;
}

const char *accounting_period_parse(const char *text, struct accounting_period *out) {
    struct span rest = span_of(text);
    struct accounting_period period = {.day = 0};
    if (!parse_unit(text_word(&rest), &period.unit))
        return "month DAY HH:MM, week DAY HH:MM or day HH:MM";
    if (period.unit == ACCOUNTING_MONTH && !parse_day(text_word(&rest), 28, &period.day))
        return "month DAY HH:MM, with a day from 1 to 28";
    if (period.unit == ACCOUNTING_WEEK && !parse_day(text_word(&rest), 7, &period.day))
        return "week DAY HH:MM, with a day from 1 (Monday) to 7 (Sunday)";
    if (!parse_time(text_word(&rest), &period))
        return "a time from 0:00 to 23:59 at the end";
    if (text_word(&rest).length > 0)
        return "nothing behind the time";
    *out = period;
    return NULL;
}

/* Where the interval begins by what the clock shows now; or, with is_end, where the next one does. */
static uint64_t edge(const struct accounting_period *period, const struct calendar *calendar, uint64_t now_s,
                     bool is_end) {
    struct civil_time c;
    calendar->civil(now_s, &c);
    bool is_before = c.hour < period->hour || (c.hour == period->hour && c.minute < period->minute);
    switch (period->unit) {
    case ACCOUNTING_MONTH:
        if (c.day < period->day || (c.day == period->day && is_before))
            c.month--;
        c.day = period->day;
        c.month += is_end;
        break;
    case ACCOUNTING_WEEK: {
        int32_t since = (7 + c.weekday - period->day % 7) % 7;
        if (since == 0 && is_before)
            since = 7;
        c.day += (is_end ? 7 : 0) - since;
        break;
    }
    case ACCOUNTING_DAY: c.day += is_end - is_before; break;
    }
    c.hour = period->hour;
    c.minute = period->minute;
    c.second = 0;
    return calendar->unix_s(&c);
}

/* When clocks are set, what one shows does not say which side of an edge that falls into these hours we are on. The edge does. */
struct accounting_interval accounting_interval_at(const struct accounting_period *period,
                                                  const struct calendar *calendar, uint64_t now_s) {
    uint64_t start_s = edge(period, calendar, now_s, false), end_s = edge(period, calendar, now_s, true);
    if (start_s > now_s && now_s >= SUMMER_S) {
        end_s = start_s;
        start_s = edge(period, calendar, now_s - SUMMER_S, false);
    } else if (end_s <= now_s) {
        start_s = end_s;
        end_s = edge(period, calendar, now_s + SUMMER_S, true);
    }
    return (struct accounting_interval){start_s, end_s};
}
