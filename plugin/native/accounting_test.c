#include "native/accounting.h"

#include "crypt/provider.h"
#include "native/calendar.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/text.h"

#define MB  (UINT64_C(1) << 20)
#define GB  (UINT64_C(1) << 30)
#define DAY UINT64_C(86400)

static const struct accounting_record nothing = {.start_s = 0};

static uint64_t at(const char *date, const char *time) {
    uint64_t unix_s;
    assert_true(text_time(span_of(date), span_of(time), &unix_s));
    return unix_s;
}

/* A day from midnight to midnight, 1000 MB, all that the relay can move in 500 s. */
static struct accounting_terms terms_of_a_day(void) {
    return (struct accounting_terms){.max = 1000 * MB,
                                     .rule = ACCOUNTING_MAX,
                                     .period = {.unit = ACCOUNTING_DAY},
                                     .rate_max = 2 * MB,
                                     .rsa_id = {1, 2, 3},
                                     .calendar = &calendar_utc,
                                     .crypt = openssl_provider()};
}

static void begin(struct accounting *a, const struct accounting_terms *terms, uint64_t now_s) {
    assert_int_equal(accounting_begin(a, now_s, terms, &nothing), ACCOUNTING_SETTLED);
}

static void what_counts(void **state) {
    (void)state;
    static const struct {
        enum accounting_rule rule;
        uint64_t used;
    } table[] = {{ACCOUNTING_MAX, 300}, {ACCOUNTING_SUM, 500}, {ACCOUNTING_IN, 200}, {ACCOUNTING_OUT, 300}};
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_terms terms = terms_of_a_day();
        struct accounting a;
        uint64_t now_s = at("2024-05-01", "10:00:00");
        terms.rule = table[i].rule;
        begin(&a, &terms, now_s);
        assert_int_equal(accounting_second(&a, now_s + 1, 150, 300), 0);
        assert_int_equal(accounting_second(&a, now_s + 2, 50, 0), 0);
        assert_int_equal(accounting_used(&a), table[i].used);
        assert_int_equal(a.record.seconds_active, 2);
    }
}

static void where_the_soft_limit_is(void **state) {
    (void)state;
    static const struct {
        uint64_t max, expected_a_minute, left;
    } table[] = {
        {1000 * MB, 0, 50 * MB},            /* a twentieth */
        {100 * GB, 0, 500 * MB},            /* at most 500 MB */
        {100 * GB, MB, 180 * MB},           /* and three hours of what is usual */
        {100 * GB, 10 * MB, 500 * MB},      /* which are more */
        {1000 * MB, 1, 180},                /* which are nothing */
        {UINT64_MAX, UINT64_MAX, 500 * MB}, /* and nothing overflows */
        {1, 0, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting a = {.terms = {.max = table[i].max},
                               .record = {.expected_a_minute = table[i].expected_a_minute}};
        assert_int_equal(accounting_soft_limit(&a), table[i].max - table[i].left);
    }
}

/* From awake over soft and dormant into the next day. */
static void a_day(void **state) {
    (void)state;
    const uint64_t midnight = at("2024-05-01", "00:00:00");
    struct accounting_terms terms = terms_of_a_day();
    struct accounting a;
    begin(&a, &terms, midnight + 3600);
    assert_int_equal(a.state, HIBERNATION_NONE);
    assert_int_equal(accounting_second(&a, midnight + 3601, 0, 950 * MB - 1), 0);
    assert_int_equal(accounting_second(&a, midnight + 3602, 0, 1), ACCOUNTING_SOFT);
    assert_int_equal(a.state, HIBERNATION_SOFT);
    assert_int_equal(a.record.soft_at_s, midnight + 3602);
    assert_int_equal(a.record.soft_seconds, 2);
    assert_int_equal(a.record.soft_bytes, 950 * MB);
    assert_int_equal(accounting_second(&a, midnight + 3603, 0, 50 * MB - 1), 0);
    assert_int_equal(accounting_second(&a, midnight + 3604, 0, 1), ACCOUNTING_DORMANT);
    assert_int_equal(a.state, HIBERNATION_DORMANT);
    assert_int_equal(a.until_s, midnight + DAY);
    assert_int_equal(accounting_second(&a, midnight + DAY - 1, 0, 10), 0);
    assert_int_equal(a.record.seconds_active, 4); /* asleep is not active */
    assert_int_equal(accounting_second(&a, midnight + DAY, 0, 0), ACCOUNTING_SETTLED | ACCOUNTING_WOKE);
    assert_int_equal(a.state, HIBERNATION_NONE);
    assert_int_equal(accounting_used(&a), 0);
    assert_int_equal(a.record.start_s, midnight + DAY);
    assert_int_equal(a.end_s, midnight + 2 * DAY);
    assert_int_equal(a.record.soft_at_s, 0);
}

static void the_day_ends_while_it_is_soft(void **state) {
    (void)state;
    const uint64_t midnight = at("2024-05-01", "00:00:00");
    struct accounting_terms terms = terms_of_a_day();
    struct accounting a;
    begin(&a, &terms, midnight);
    assert_int_equal(accounting_second(&a, midnight + 1, 960 * MB, 0), ACCOUNTING_SOFT);
    assert_int_equal(accounting_second(&a, midnight + DAY, 0, 0), ACCOUNTING_SETTLED | ACCOUNTING_WOKE);
    assert_int_equal(a.state, HIBERNATION_NONE);
}

/* Both limits between two looks. */
static void all_at_once(void **state) {
    (void)state;
    struct accounting_terms terms = terms_of_a_day();
    struct accounting a;
    uint64_t now_s = at("2024-05-01", "12:00:00");
    begin(&a, &terms, now_s);
    assert_int_equal(accounting_second(&a, now_s + 1, 2000 * MB, 0), ACCOUNTING_SOFT | ACCOUNTING_DORMANT);
}

/* A restart changes nothing: neither what was counted, nor the state, nor when the soft limit was reached. */
static void a_restart(void **state) {
    (void)state;
    static const struct {
        uint64_t used;
        unsigned news;
        enum hibernation state;
    } table[] = {
        {949 * MB, ACCOUNTING_SETTLED, HIBERNATION_NONE},
        {950 * MB, ACCOUNTING_SETTLED | ACCOUNTING_SOFT, HIBERNATION_SOFT},
        {1000 * MB, ACCOUNTING_SETTLED | ACCOUNTING_SOFT | ACCOUNTING_DORMANT, HIBERNATION_DORMANT},
    };
    const uint64_t midnight = at("2024-05-01", "00:00:00");
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_terms terms = terms_of_a_day();
        struct accounting before, after;
        begin(&before, &terms, midnight);
        (void)!accounting_second(&before, midnight + 100, table[i].used, 7);
        assert_int_equal(accounting_begin(&after, midnight + 200, &terms, &before.record), table[i].news);
        assert_int_equal(after.state, table[i].state);
        assert_memory_equal(&after.record, &before.record, sizeof after.record);
        assert_int_equal(after.until_s, table[i].state ? midnight + DAY : 0);
        /* And if it was down until the next day, that one begins. */
        (void)!accounting_begin(&after, midnight + DAY + 5, &terms, &before.record);
        assert_int_equal(after.state, HIBERNATION_NONE);
        assert_int_equal(accounting_used(&after), 0);
    }
}

/* Of a month of 30 days with 100 GB. */
static void how_the_next_interval_begins(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct accounting_record before;
        enum accounting_rule rule;
        uint64_t expected_a_minute;
        bool sleeps;
    } table[] = {
        {"too short to say", {.seconds_active = 1799, .read = 90 * GB}, ACCOUNTING_MAX, 0, false},
        {"little used",
         {.seconds_active = 30 * DAY, .read = 50 * GB},
         ACCOUNTING_MAX,
         50 * GB / (30 * DAY) * 60,
         false},
        {"used up in a tenth",
         {.seconds_active = 20 * DAY, .read = 99 * GB, .soft_seconds = 3 * DAY, .soft_bytes = 99 * GB},
         ACCOUNTING_MAX,
         99 * GB / (3 * DAY) * 60,
         true},
        {"no faster than it may be",
         {.seconds_active = 1800, .read = 90 * GB},
         ACCOUNTING_MAX,
         2 * MB * 60,
         true},
        {"both ways", {.seconds_active = 1800, .read = 90 * GB}, ACCOUNTING_SUM, 4 * MB * 60, true},
    };
    const uint64_t april = at("2024-04-01", "00:00:00"), may = at("2024-05-01", "00:00:00");
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_terms terms = terms_of_a_day();
        struct accounting_record before = table[i].before;
        struct accounting a;
        terms.max = 100 * GB;
        terms.period = (struct accounting_period){.unit = ACCOUNTING_MONTH, .day = 1};
        terms.rule = table[i].rule;
        before.start_s = april;
        before.soft_at_s = before.soft_bytes ? april + 5 * DAY : 0;
        unsigned news = accounting_begin(&a, may, &terms, &before);
        assert_int_equal(a.record.expected_a_minute, table[i].expected_a_minute);
        assert_int_equal(a.record.start_s, may);
        uint64_t lasts_s = table[i].expected_a_minute ? terms.max / table[i].expected_a_minute * 60 : 0;
        if (!table[i].sleeps) {
            assert_int_equal(a.wakeup_s, may);
            assert_int_equal(news, ACCOUNTING_SETTLED);
            continue;
        }
        /* Enough is left of the month to use all. */
        assert_in_range(a.wakeup_s, may + 1, a.end_s - lasts_s);
        assert_int_equal(accounting_expected_end_s(&a), a.wakeup_s + lasts_s);
        assert_int_equal(news, ACCOUNTING_SETTLED | ACCOUNTING_SLEEPS);
        assert_int_equal(a.state, HIBERNATION_DORMANT);
        assert_int_equal(a.until_s, a.wakeup_s);
        assert_int_equal(accounting_second(&a, a.wakeup_s - 1, 0, 0), 0);
        uint64_t wakeup_s = a.wakeup_s;
        assert_int_equal(accounting_second(&a, wakeup_s, 0, 0), ACCOUNTING_WOKE);
        assert_int_equal(a.state, HIBERNATION_NONE);
        assert_int_equal(accounting_second(&a, wakeup_s + 1, 0, 0), 0);
    }
}

/* It depends on who we are and on the interval, and on nothing else: it is the same after a restart. The first is what tor 0.4.9
 * does: SHA1 of "2024-05-01 00:00:00" and the fingerprint, its first four bytes. */
static void the_time_to_wake_up_is_drawn(void **state) {
    (void)state;
    const uint64_t may = at("2024-05-01", "00:00:00");
    struct accounting_terms terms = terms_of_a_day();
    const struct accounting_record record = {.start_s = may, .expected_a_minute = 100 * MB};
    uint64_t sum = 0, least = UINT64_MAX, most = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct accounting a, again;
        terms.rsa_id[0] = (uint8_t)i;
        (void)!accounting_begin(&a, may, &terms, &record);
        (void)!accounting_begin(&again, may + 20000, &terms, &record);
        assert_int_equal(a.wakeup_s, again.wakeup_s);
        uint64_t sleep_s = a.wakeup_s - may;
        sum += sleep_s;
        least = sleep_s < least ? sleep_s : least;
        most = sleep_s > most ? sleep_s : most;
    }
    assert_true(most < DAY - 600); /* 1000 MB last ten minutes */
    assert_in_range(sum / 200, 35000, 51000);
    assert_in_range(least, 0, 5000);
    assert_in_range(most, 80000, DAY);

    uint8_t digest[20];
    struct accounting a;
    memset(terms.rsa_id, 0xab, sizeof terms.rsa_id);
    (void)!accounting_begin(&a, may, &terms, &record);
    const struct span parts[2] = {span_of("2024-05-01 00:00:00"), {terms.rsa_id, 20}};
    openssl_provider()->sha1(parts, 2, digest);
    uint32_t number;
    memcpy(&number, digest, 4);
    assert_int_equal(a.wakeup_s, may + number % (DAY - 600));
}

/* It was soft when the interval ended, and the new one begins asleep. */
static void from_soft_to_sleep(void **state) {
    (void)state;
    const uint64_t midnight = at("2024-05-01", "00:00:00");
    struct accounting_terms terms = terms_of_a_day();
    const struct accounting_record kept = {
        .start_s = midnight, .read = 960 * MB, .seconds_active = 2000, .expected_a_minute = 0};
    struct accounting a;
    assert_int_equal(accounting_begin(&a, midnight + 5000, &terms, &kept),
                     ACCOUNTING_SETTLED | ACCOUNTING_SOFT);
    assert_int_equal(accounting_second(&a, midnight + DAY, 0, 0),
                     ACCOUNTING_SETTLED | ACCOUNTING_WAITS | ACCOUNTING_DORMANT);
    assert_int_equal(a.state, HIBERNATION_DORMANT);
    assert_true(a.until_s > midnight + DAY && a.until_s == a.wakeup_s);
}

/* AccountingStart is another now, or the clock is. */
static void an_interval_that_does_not_fit(void **state) {
    (void)state;
    static const struct {
        int64_t start_moved_s;
        unsigned news;
        bool counts;
    } table[] = {
        {0, 0, true},
        {-40000, 0, true},
        {40000, 0, true},
        {-50000, ACCOUNTING_MISFIT, false},
        {50000, ACCOUNTING_MISFIT, false},
        {-86400, 0, false}, /* yesterday */
        {-86400 * 40, 0, false},
        {86400 * 40, ACCOUNTING_MISFIT, false},
    };
    const uint64_t midnight = at("2024-05-01", "00:00:00");
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_terms terms = terms_of_a_day();
        struct accounting a;
        const struct accounting_record kept = {
            .start_s = (uint64_t)((int64_t)midnight + table[i].start_moved_s), .read = 5};
        assert_int_equal(accounting_begin(&a, midnight + 60, &terms, &kept),
                         table[i].news | ACCOUNTING_SETTLED);
        assert_int_equal(accounting_used(&a), table[i].counts ? 5 : 0);
        assert_int_equal(a.end_s, midnight + DAY);
    }
}

static void a_soft_limit_of_long_ago_is_forgotten(void **state) {
    (void)state;
    const uint64_t midnight = at("2024-05-01", "00:00:00");
    struct accounting_terms terms = terms_of_a_day();
    const struct accounting_record kept = {
        .start_s = midnight, .soft_at_s = midnight - 5, .soft_bytes = GB, .soft_seconds = 4000};
    struct accounting a;
    (void)!accounting_begin(&a, midnight + 60, &terms, &kept);
    assert_int_equal(a.record.soft_at_s + a.record.soft_bytes + a.record.soft_seconds, 0);
}

static void who_may_run_out(void **state) {
    (void)state;
    static const struct {
        enum accounting_rule rule;
        uint64_t rate_max;
        bool may;
    } table[] = {
        {ACCOUNTING_MAX, 1000 * MB / DAY, true},
        {ACCOUNTING_MAX, 1000 * MB / DAY - 1, false},
        {ACCOUNTING_SUM, 1000 * MB / DAY - 1, true},
        {ACCOUNTING_SUM, 500 * MB / DAY - 1, false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct accounting_terms terms = terms_of_a_day();
        struct accounting a;
        terms.rule = table[i].rule;
        terms.rate_max = table[i].rate_max;
        begin(&a, &terms, at("2024-05-01", "00:00:00"));
        assert_int_equal(accounting_may_run_out(&a), table[i].may);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_counts),
        cmocka_unit_test(where_the_soft_limit_is),
        cmocka_unit_test(a_day),
        cmocka_unit_test(the_day_ends_while_it_is_soft),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(a_restart),
        cmocka_unit_test(how_the_next_interval_begins),
        cmocka_unit_test(the_time_to_wake_up_is_drawn),
        cmocka_unit_test(from_soft_to_sleep),
        cmocka_unit_test(an_interval_that_does_not_fit),
        cmocka_unit_test(a_soft_limit_of_long_ago_is_forgotten),
        cmocka_unit_test(who_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
