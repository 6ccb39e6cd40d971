#include "native/signals.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

static volatile sig_atomic_t seen[NSIG];

static void note(int number) {
    seen[number]++;
}

/* What a child that gets number while it starts comes to: its handlers are there only later. */
static int status_of_child(int number, bool holds) {
    pid_t child = fork();
    if (child == 0) {
        if (holds)
            signals_hold();
        raise(number);
        signal(number, note);
        signals_release();
        _exit(seen[number]);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void signals_of_a_service_wait_until_there_are_handlers(void **state) {
    static const int numbers[] = {SIGHUP, SIGUSR1, SIGUSR2};
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        int status = status_of_child(numbers[i], true);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_true(WIFSIGNALED(status_of_child(numbers[i], false)));
    }
}

static void who_starts_can_still_be_ended(void **state) {
    (void)state;
    assert_true(WIFSIGNALED(status_of_child(SIGTERM, true)));
    assert_true(WIFSIGNALED(status_of_child(SIGINT, true)));
}

static void *own_mask(void *argument) {
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, argument), 0);
    return NULL;
}

static void threads_see_no_signals(void **state) {
    sigset_t before, theirs, ours;
    pthread_t thread;
    (void)state;
    signals_hide(&before);
    assert_int_equal(pthread_create(&thread, NULL, own_mask, &theirs), 0);
    signals_show(&before);
    assert_int_equal(pthread_join(thread, NULL), 0);
    own_mask(&ours);
    assert_int_equal(sigismember(&theirs, SIGTERM), 1);
    assert_int_equal(sigismember(&theirs, SIGHUP), 1);
    assert_int_equal(sigismember(&ours, SIGTERM), 0);
    assert_int_equal(sigismember(&ours, SIGHUP), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_of_a_service_wait_until_there_are_handlers),
        cmocka_unit_test(who_starts_can_still_be_ended),
        cmocka_unit_test(threads_see_no_signals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
