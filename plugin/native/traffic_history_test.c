#include "native/traffic_history.h"

#include "support/test.h"

#define START_S UINT64_C(1800000000)
#define DAY_S   UINT64_C(86400)

static void the_last_five_days_are_kept(void **state) {
    struct traffic_history history = {0};
    (void)state;
    for (uint64_t hour = 0; hour <= 7 * 24;
         hour++) /* day d brings d + 1 hundreds in, and as many thousands out */
        traffic_history_add(&history, START_S + hour * 3600, hour * 10, hour * 100);
    assert_int_equal(history.ended.count, 5);
    assert_int_equal(history.ended.ended_s, START_S + 7 * DAY_S);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(history.ended.read[i], 240);
        assert_int_equal(history.ended.written[i], 2400);
    }
}

static void a_day_is_told_when_it_has_ended(void **state) {
    struct traffic_history history = {0};
    (void)state;
    traffic_history_add(&history, START_S, 100, 0);
    traffic_history_add(&history, START_S + DAY_S - 1, 200, 0);
    assert_int_equal(history.ended.count, 0);
    traffic_history_add(&history, START_S + DAY_S + 5, 300, 0);
    assert_int_equal(history.ended.count, 1);
    assert_int_equal(history.ended.read[0], 200);
    traffic_history_add(&history, START_S + 2 * DAY_S, 1000, 0);
    assert_int_equal(history.ended.count, 2);
    assert_int_equal(history.ended.read[1], 700);
}

static void a_clock_that_was_set_begins_anew(void **state) {
    static const int64_t jumps[] = {-3600, 3 * (int64_t)DAY_S};
    (void)state;
    for (size_t i = 0; i < COUNT(jumps); i++) {
        struct traffic_history history = {0};
        traffic_history_add(&history, START_S, 0, 0);
        traffic_history_add(&history, START_S + DAY_S, 50, 0);
        uint64_t now_s = START_S + DAY_S + (uint64_t)jumps[i];
        traffic_history_add(&history, now_s, 60, 0);
        assert_int_equal(history.ended.count, 0);
        traffic_history_add(&history, now_s + DAY_S, 90, 0);
        assert_int_equal(history.ended.count, 1);
        assert_int_equal(history.ended.read[0], 30);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_five_days_are_kept),
        cmocka_unit_test(a_day_is_told_when_it_has_ended),
        cmocka_unit_test(a_clock_that_was_set_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
