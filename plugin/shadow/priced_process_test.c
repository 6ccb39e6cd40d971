#include "shadow/priced_process.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

#define CELLS 1000u

static void set_profile(void) {
    const char *root = getenv("LOOM_SOURCE_DIR");
    char path[512];
    snprintf(path, sizeof path, "%s/model/cost/profiles/tor-0.4.9-xeon.yaml", root ? root : ".");
    assert_int_equal(setenv("LOOM_PRICE_PROFILE", path, 1), 0);
}

/* How a process that starts here ends. */
static int status_of_start(void) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        priced_process_start();
        _exit(EXIT_SUCCESS);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void it_starts_in_shadow_or_when_asked(void **state) {
    (void)state;
    set_profile();
    unsetenv("LOOM_PRICE_OUTSIDE_SHADOW");
    unsetenv("LD_PRELOAD");
    assert_int_equal(status_of_start(), EXIT_FAILURE);
    setenv("LOOM_PRICE_OUTSIDE_SHADOW", "1", 1);
    assert_int_equal(status_of_start(), EXIT_SUCCESS);
    setenv("LOOM_PRICE_PROFILE", "/nowhere/there.yaml", 1);
    assert_int_equal(status_of_start(), EXIT_FAILURE);
}

static void *ask(void *argument) {
    *(bool *)argument = priced_process_is_main_thread();
    return NULL;
}

/* Last here: this process starts itself. */
static void work_takes_time(void **state) {
    const struct work work = {.cells_received = CELLS};
    bool is_main = true;
    pthread_t thread;
    (void)state;
    set_profile();
    priced_process_start();
    nsec began = priced_process_now();
    priced_process_pay(&work, &(struct working_set){0});
    assert_true(priced_process_now() - began >
                CELLS * 100); /* a tenth of a microsecond a cell: far below the profile */
    assert_true(priced_process_is_main_thread());
    assert_int_equal(pthread_create(&thread, NULL, ask, &is_main), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(is_main);
    priced_process_woken(priced_process_now());
    priced_process_end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_in_shadow_or_when_asked),
        cmocka_unit_test(work_takes_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
