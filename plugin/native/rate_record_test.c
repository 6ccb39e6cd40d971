#include "native/rate_record.h"

#include "support/test.h"

static uint64_t total;

static void pass(struct rate_record *record, unsigned seconds, uint64_t rate) {
    for (unsigned i = 0; i < seconds; i++)
        rate_record_add(record, total += rate);
}

static void remembers_the_best_ten_seconds_of_a_day(void **state) {
    static const struct {
        unsigned seconds;
        uint64_t rate, best;
    } steps[] = {
        {10, 1000, 0},       /* not yet ten seconds between two readings */
        {1, 1000, 1000},     /* now */
        {5, 5000, 3000},     /* half of the window at another rate */
        {5, 5000, 5000},     /* all of it */
        {3600, 10, 5000},    /* an hour later */
        {25 * 3600, 20, 20}, /* more than a day later */
    };
    struct rate_record record = {.seconds = 0};
    (void)state;
    for (unsigned i = 0; i < COUNT(steps); i++) {
        pass(&record, steps[i].seconds, steps[i].rate);
        assert_int_equal(rate_record_best(&record), steps[i].best);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(remembers_the_best_ten_seconds_of_a_day)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
