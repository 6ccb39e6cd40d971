#include "native/calendar.h"

#include <stdlib.h>
#include <time.h>

#include "support/test.h"

static void set_zone(const char *zone) {
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static void there_and_back(void **state) {
    (void)state;
    static const char *const zones[] = {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
                                        "LHST-10:30LHDT-11,M10.1.0,M4.1.0"};
    for (size_t i = 0; i < COUNT(zones); i++) {
        set_zone(zones[i]);
        for (uint64_t t = 1700000000; t < 1700000000 + 400 * 86400; t += 86400 - 1013) {
            struct civil_time c;
            calendar_local.civil(t, &c);
            uint64_t back = calendar_local.unix_s(&c);
            assert_true(back == t || back == t - 3600 || back == t - 1800); /* an hour that comes twice */
            calendar_utc.civil(t, &c);
            assert_int_equal(calendar_utc.unix_s(&c), t);
        }
    }
}

static void what_the_clock_shows(void **state) {
    (void)state;
    char text[CALENDAR_TEXT_MAX];
    struct civil_time c;
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    calendar_local.civil(1709210096, &c); /* a leap day, a Thursday */
    assert_int_equal(c.year, 2024);
    assert_int_equal(c.month, 2);
    assert_int_equal(c.day, 29);
    assert_int_equal(c.weekday, 4);
    assert_int_equal(c.hour, 13);
    assert_int_equal(c.second, 56);
    assert_string_equal(calendar_text(&calendar_local, 1709210096, text), "2024-02-29 13:34:56");
    assert_string_equal(calendar_text(&calendar_utc, 1709210096, text), "2024-02-29 12:34:56");
    assert_string_equal(calendar_text(&calendar_utc, UINT64_MAX / 2, text), "1970-01-01 00:00:00");
}

static void months_and_days_may_be_out_of_range(void **state) {
    (void)state;
    static const struct {
        struct civil_time asked;
        const char *is;
    } table[] = {
        {{.year = 2024, .month = 0, .day = 31, .hour = 1}, "2023-12-31 01:00:00"},
        {{.year = 2024, .month = 13, .day = 1}, "2025-01-01 00:00:00"},
        {{.year = 2024, .month = 3, .day = 0, .minute = 5}, "2024-02-29 00:05:00"},
        {{.year = 2023, .month = 3, .day = -6}, "2023-02-22 00:00:00"},
        {{.year = 1969, .month = 1, .day = 1}, "1970-01-01 00:00:00"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[CALENDAR_TEXT_MAX];
        assert_string_equal(calendar_text(&calendar_utc, calendar_utc.unix_s(&table[i].asked), text),
                            table[i].is);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_the_clock_shows),
        cmocka_unit_test(months_and_days_may_be_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
