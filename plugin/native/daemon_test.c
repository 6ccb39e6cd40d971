#include "native/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.h"

static void writes_its_process_id(void **state) {
    char path[] = "/tmp/loom-daemon-test-XXXXXX";
    struct complaint complaint = {""};
    long written = 0;
    (void)state;
    close(mkstemp(path));
    assert_true(daemon_write_pid(path, &complaint));
    FILE *file = fopen(path, "r");
    assert_int_equal(fscanf(file, "%ld", &written), 1);
    fclose(file);
    assert_int_equal(written, getpid());
    unlink(path);
    assert_true(daemon_write_pid(NULL, &complaint));
    assert_false(daemon_write_pid("/nowhere/at/all", &complaint));
    assert_non_null(
        strstr(complaint.text, "PidFile: expected a file that can be written, got \"/nowhere/at/all\""));
}

static void becomes_only_who_exists(void **state) {
    struct complaint complaint = {""};
    (void)state;
    assert_true(daemon_become(NULL, &complaint));
    assert_false(daemon_become("no-such-user-here", &complaint));
    assert_non_null(strstr(complaint.text, "User: expected a user of this machine"));
}

/* In a child, because daemon_start does not come back in the process that calls it. */
static int status_of_daemon(bool is_ready) {
    pid_t child = fork();
    if (child == 0) {
        struct complaint complaint;
        if (!daemon_start(&complaint))
            _exit(9);
        if (is_ready)
            daemon_is_ready();
        _exit(3);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_parent_tells_whether_the_child_came_up(void **state) {
    (void)state;
    assert_int_equal(status_of_daemon(true), 0);
    assert_int_equal(status_of_daemon(false), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_its_process_id),
        cmocka_unit_test(becomes_only_who_exists),
        cmocka_unit_test(the_parent_tells_whether_the_child_came_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
