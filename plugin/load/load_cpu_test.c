#include "load/load_cpu.h"

#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

static void burn(long milliseconds) {
    struct timespec now;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while (now.tv_sec == 0 && now.tv_nsec < milliseconds * 1000000);
}

static void our_own_time_is_found(UNUSED void **state) {
    struct load_cpu before, after;
    assert_true(load_cpu_read((uint32_t)getpid(), &before));
    assert_true(before.count >= 1);
    burn(100);
    assert_true(load_cpu_read((uint32_t)getpid(), &after));
    nsec total = load_cpu_total(&after);
    assert_true(total >= 90 * NSEC_PER_MS); /* the scheduler counts a little later than the clock */
    load_cpu_since(&after, &before);
    assert_int_equal(load_cpu_total(&after), total - load_cpu_total(&before));
}

static void threads_are_matched_by_id(UNUSED void **state) {
    struct load_cpu before = {.threads = {{.id = 5, .busy = 10, .switches = 1}}, .count = 1};
    struct load_cpu after = {
        .threads = {{.id = 9, .busy = 3, .switches = 2}, {.id = 5, .busy = 15, .switches = 4}}, .count = 2};
    load_cpu_since(&after, &before);
    assert_int_equal(after.threads[0].busy, 3);
    assert_int_equal(after.threads[1].busy, 5);
    assert_int_equal(after.threads[1].switches, 3);
    assert_int_equal(load_cpu_total(&after), 8);
    assert_int_equal(load_cpu_switches(&after), 5);
}

static void nobody_is_no_process(UNUSED void **state) {
    struct load_cpu cpu;
    assert_false(load_cpu_read(INT32_MAX, &cpu));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_time_is_found),
        cmocka_unit_test(threads_are_matched_by_id),
        cmocka_unit_test(nobody_is_no_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
