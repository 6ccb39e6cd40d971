#include "load/load_waiting.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native/turn_clock.h"
#include "support/test.h"

static void keep_busy(nsec until) {
    while (monotonic_read() < until)
        sched_yield();
}

/* Two that are busy on one core: each waits while the other has it. */
static void who_shares_a_core_waits_for_it(UNUSED void **state) {
    struct load_waiting waiting;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    load_waiting_init(&waiting);
    assert_int_equal(load_waiting_read(&waiting), 0);
    assert_true(load_waiting_watch(&waiting, (uint32_t)getpid()));
    assert_int_equal(waiting.count, 1);
    nsec before = load_waiting_read(&waiting);
    pid_t other = fork();
    assert_true(other >= 0);
    keep_busy(monotonic_read() + 200 * NSEC_PER_MS);
    if (other == 0)
        _exit(0);
    assert_int_equal(waitpid(other, NULL, 0), other);
    assert_true(load_waiting_read(&waiting) > before);
    load_waiting_fini(&waiting);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

static void nobody_is_said(UNUSED void **state) {
    struct load_waiting waiting;
    load_waiting_init(&waiting);
    assert_false(load_waiting_watch(&waiting, 0x7fffffff));
    load_waiting_fini(&waiting);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_shares_a_core_waits_for_it),
        cmocka_unit_test(nobody_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
