#include "native/turn_clock.h"

#include <time.h>

#include "support/test.h"

static void reads_once_a_turn_and_never_goes_back(void **state) {
    struct turn_clock clock;
    nsec before = 0;
    (void)state;
    turn_clock_init(&clock, monotonic_read());
    for (int i = 0; i < 1000; i++) {
        turn_clock_next(&clock);
        nsec now = turn_clock_now(&clock);
        assert_true(now >= before);
        assert_int_equal(turn_clock_now(&clock), now);
        before = now;
    }
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    assert_int_equal(turn_clock_now(&clock), before);
    turn_clock_next(&clock);
    assert_true(turn_clock_now(&clock) >= before + 2 * NSEC_PER_MS);
}

static void sleeps_are_counted(void **state) {
    (void)state;
    uint64_t before = thread_sleeps_read();
    for (int i = 0; i < 5; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    assert_true(thread_sleeps_read() >= before + 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_once_a_turn_and_never_goes_back),
                                       cmocka_unit_test(sleeps_are_counted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
