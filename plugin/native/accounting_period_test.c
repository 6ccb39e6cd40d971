#include "native/accounting_period.h"

#include <stdlib.h>
#include <time.h>

#include "native/calendar.h"
#include "support/test.h"
#include "wire/text.h"

#define CET "CET-1CEST,M3.5.0,M10.5.0/3"

static void set_zone(const char *zone) {
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static struct accounting_period period_of(const char *text) {
    struct accounting_period period;
    assert_null(accounting_period_parse(text, &period));
    return period;
}

static uint64_t time_of(const char *date, const char *time) {
    uint64_t unix_s;
    assert_true(text_time(span_of(date), span_of(time), &unix_s));
    return unix_s;
}

static void what_operators_write(void **state) {
    (void)state;
    static const struct {
        const char *text;
        struct accounting_period period;
    } good[] = {
        {"month 1 0:00", {ACCOUNTING_MONTH, 1, 0, 0}},     {"Month 28 23:59", {ACCOUNTING_MONTH, 28, 23, 59}},
        {" week\t2  04:30 ", {ACCOUNTING_WEEK, 2, 4, 30}}, {"week 7 4:5", {ACCOUNTING_WEEK, 7, 4, 5}},
        {"day 00:00", {ACCOUNTING_DAY, 0, 0, 0}},
    };
    static const struct {
        const char *text, *expected;
    } wrong[] = {
        {"", "month DAY"},
        {"year 1 0:00", "month DAY"},
        {"month", "1 to 28"},
        {"month 0 0:00", "1 to 28"},
        {"month 29 0:00", "1 to 28"},
        {"week 8 0:00", "1 (Monday) to 7"},
        {"week Monday 0:00", "1 (Monday) to 7"},
        {"day 1 0:00", "a time"},
        {"day 24:00", "a time"},
        {"day 0:60", "a time"},
        {"day 0", "a time"},
        {"day :", "a time"},
        {"day -1:00", "a time"},
        {"month 1", "a time"},
        {"month 1 0:00 0:00", "nothing behind"},
        {"month 1 0:00:00", "a time"},
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        struct accounting_period period = period_of(good[i].text);
        assert_int_equal(period.unit, good[i].period.unit);
        assert_int_equal(period.day, good[i].period.day);
        assert_int_equal(period.hour, good[i].period.hour);
        assert_int_equal(period.minute, good[i].period.minute);
    }
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct accounting_period period;
        const char *expected = accounting_period_parse(wrong[i].text, &period);
        if (!expected || !strstr(expected, wrong[i].expected))
            fail_msg("\"%s\": %s", wrong[i].text, expected ? expected : "taken");
    }
}

static void intervals(void **state) {
    (void)state;
    static const struct {
        const char *zone, *period, *now, *start, *end; /* now in UTC, the others local */
    } table[] = {
        {"UTC0", "month 1 0:00", "2024-02-29 12:00:00", "2024-02-01 00:00:00", "2024-03-01 00:00:00"},
        {"UTC0", "month 1 0:00", "2023-12-31 23:59:59", "2023-12-01 00:00:00", "2024-01-01 00:00:00"},
        {"UTC0", "month 1 0:00", "2024-01-01 00:00:00", "2024-01-01 00:00:00", "2024-02-01 00:00:00"},
        {"UTC0", "month 28 4:30", "2024-02-28 04:29:59", "2024-01-28 04:30:00", "2024-02-28 04:30:00"},
        {"UTC0", "month 28 4:30", "2024-02-28 04:30:00", "2024-02-28 04:30:00", "2024-03-28 04:30:00"},
        {"UTC0", "month 15 0:00", "2024-01-01 00:00:00", "2023-12-15 00:00:00", "2024-01-15 00:00:00"},
        {"UTC0", "week 1 0:00", "2024-02-29 12:00:00", "2024-02-26 00:00:00", "2024-03-04 00:00:00"},
        {"UTC0", "week 7 6:00", "2024-03-03 05:59:59", "2024-02-25 06:00:00", "2024-03-03 06:00:00"},
        {"UTC0", "week 7 6:00", "2024-03-03 06:00:00", "2024-03-03 06:00:00", "2024-03-10 06:00:00"},
        {"UTC0", "week 3 0:00", "2024-01-01 00:00:00", "2023-12-27 00:00:00", "2024-01-03 00:00:00"},
        {"UTC0", "day 12:00", "2024-02-29 11:59:59", "2024-02-28 12:00:00", "2024-02-29 12:00:00"},
        {"UTC0", "day 12:00", "2023-02-28 12:00:00", "2023-02-28 12:00:00", "2023-03-01 12:00:00"},
        /* By the operator's clock, which is not UTC; in March and October it is set. */
        {CET, "day 0:00", "2024-06-30 22:30:00", "2024-07-01 00:00:00", "2024-07-02 00:00:00"},
        {CET, "month 1 0:00", "2024-03-15 00:00:00", "2024-03-01 00:00:00", "2024-04-01 00:00:00"},
        {CET, "day 0:00", "2024-03-31 12:00:00", "2024-03-31 00:00:00", "2024-04-01 00:00:00"},
        {CET, "week 1 0:00", "2024-10-27 12:00:00", "2024-10-21 00:00:00", "2024-10-28 00:00:00"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct accounting_period period = period_of(table[i].period);
        char start[CALENDAR_TEXT_MAX], end[CALENDAR_TEXT_MAX], date[11];
        set_zone(table[i].zone);
        memcpy(date, table[i].now, 10);
        date[10] = '\0';
        struct accounting_interval is =
            accounting_interval_at(&period, &calendar_local, time_of(date, table[i].now + 11));
        assert_string_equal(calendar_text(&calendar_local, is.start_s, start), table[i].start);
        assert_string_equal(calendar_text(&calendar_local, is.end_s, end), table[i].end);
    }
}

static void a_day_when_clocks_are_set_has_another_length(void **state) {
    (void)state;
    static const struct {
        const char *date;
        uint64_t hours;
    } table[] = {{"2024-03-31", 23}, {"2024-04-01", 24}, {"2024-10-27", 25}};
    const struct accounting_period period = period_of("day 0:00");
    set_zone(CET);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_interval is =
            accounting_interval_at(&period, &calendar_local, time_of(table[i].date, "12:00:00"));
        assert_int_equal(is.end_s - is.start_s, table[i].hours * 3600);
    }
}

/* The laws, in steps of ten minutes, over a year with a leap day and each change of clocks; also when the edge
 * falls into the hour that is left out, or comes twice. */
static void intervals_follow_each_other(void **state) {
    (void)state;
    static const char *const zones[] = {"UTC0", CET, "EST5EDT,M3.2.0,M11.1.0",
                                        "LHST-10:30LHDT-11,M10.1.0,M4.1.0",
                                        "TROLL0CEST-2,M3.5.0/1,M10.5.0/3"};
    static const char *const periods[] = {"month 1 0:00", "month 28 2:30", "week 7 2:30", "week 1 0:00",
                                          "day 2:30",     "day 1:45",      "day 02:00",   "day 23:59"};
    const uint64_t from_s = time_of("2023-12-30", "00:00:00"), to_s = time_of("2024-12-05", "00:00:00");
    for (size_t z = 0; z < COUNT(zones); z++) {
        set_zone(zones[z]);
        for (size_t p = 0; p < COUNT(periods); p++) {
            const struct accounting_period period = period_of(periods[p]);
            struct accounting_interval is = accounting_interval_at(&period, &calendar_local, from_s);
            for (uint64_t now = from_s; now < to_s; now += 600) {
                struct accounting_interval at = accounting_interval_at(&period, &calendar_local, now);
                if (at.start_s > now || at.end_s <= now)
                    fail_msg("%s, %s: %llu is not in its interval", zones[z], periods[p],
                             (unsigned long long)now);
                if (now >= is.end_s) {
                    assert_int_equal(at.start_s, is.end_s);
                    is = at;
                }
                if (at.start_s != is.start_s || at.end_s != is.end_s)
                    fail_msg("%s, %s: %llu has another interval than what was before", zones[z], periods[p],
                             (unsigned long long)now);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_operators_write),
        cmocka_unit_test(intervals),
        cmocka_unit_test(a_day_when_clocks_are_set_has_another_length),
        cmocka_unit_test(intervals_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
