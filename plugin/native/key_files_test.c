#include "native/key_files.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"
#include "wire/text.h"

static char folder[64];

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/loom-key-files-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    static const char *const names[] = {"a", "a.tmp", "lock"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void written_and_read_back(void **state) {
    (void)state;
    struct complaint complaint = {""};
    uint8_t out[16];
    size_t length;
    assert_int_equal(key_file_read(folder, "a", out, sizeof(out), &length, &complaint), KEY_FILE_MISSING);
    assert_int_equal(key_file_written_s(folder, "a"), 0);
    assert_true(key_file_write(folder, "a", span_of("hello"), &complaint));
    assert_int_equal(key_file_read(folder, "a", out, sizeof(out), &length, &complaint), KEY_FILE_READ);
    assert_int_equal(length, 5);
    assert_memory_equal(out, "hello", 5);
    assert_true(key_file_written_s(folder, "a") + 60 > (uint64_t)time(NULL));
    assert_int_equal(key_file_read(folder, "a", out, 4, &length, &complaint), KEY_FILE_BAD);
    assert_non_null(strstr(complaint.text, "expected at most 4 bytes"));
}

static void a_leftover_does_not_matter(void **state) {
    (void)state;
    struct complaint complaint = {""};
    uint8_t out[16];
    size_t length;
    assert_true(key_file_write(folder, "a.tmp", span_of("half of a longer one"), &complaint));
    assert_true(key_file_write(folder, "a", span_of("whole"), &complaint));
    assert_int_equal(key_file_read(folder, "a", out, sizeof(out), &length, &complaint), KEY_FILE_READ);
    assert_int_equal(length, 5);
}

static void tags_and_lengths_are_checked(void **state) {
    (void)state;
    struct complaint complaint = {""};
    uint8_t out[8];
    size_t length;
    assert_true(key_file_write_tagged(folder, "a", "== tag ==", span_of("12345678"), &complaint));
    assert_int_equal(key_file_read_tagged(folder, "a", "== tag ==", out, 8, &complaint), KEY_FILE_READ);
    assert_memory_equal(out, "12345678", 8);
    assert_int_equal(key_file_read_tagged(folder, "a", "== tax ==", out, 8, &complaint), KEY_FILE_BAD);
    assert_int_equal(key_file_read_tagged(folder, "a", "== tag ==", out, 7, &complaint), KEY_FILE_BAD);
    assert_true(key_file_write_tagged(folder, "a", "== tag ==", span_of("1234"), &complaint));
    assert_int_equal(key_file_read_tagged(folder, "a", "== tag ==", out, 8, &complaint), KEY_FILE_BAD);
    assert_int_equal(key_file_read_tagged_any(folder, "a", "== tag ==", out, 8, &length, &complaint),
                     KEY_FILE_READ);
    assert_int_equal(length, 4);
}

/* As on a disk that is full. */
static void a_file_that_cannot_be_written_stays_as_it_was(void **state) {
    (void)state;
    struct complaint complaint = {""};
    uint8_t out[16];
    size_t length;
    struct rlimit before, small;
    assert_true(key_file_write(folder, "a", span_of("old"), &complaint));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 4;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    assert_false(key_file_write(folder, "a", span_of("new and longer"), &complaint));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(complaint.text, "expected a file that can be written"));
    assert_int_equal(key_file_read(folder, "a", out, sizeof(out), &length, &complaint), KEY_FILE_READ);
    assert_int_equal(length, 3);
    assert_false(key_file_is_there(folder, "a.tmp"));
    assert_true(key_file_is_there(folder, "a"));
}

static void folders_and_locks(void **state) {
    (void)state;
    struct complaint complaint = {""};
    char path[128];
    assert_true(key_folder_make(folder, &complaint));
    snprintf(path, sizeof(path), "%s/no/such", folder);
    assert_false(key_folder_make(path, &complaint));
    assert_false(key_file_write(path, "a", span_of("x"), &complaint));
    int first = key_folder_lock(folder, &complaint);
    assert_true(first >= 0);
    assert_int_equal(key_folder_lock(folder, &complaint), -1);
    close(first);
    int second = key_folder_lock(folder, &complaint);
    assert_true(second >= 0);
    close(second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(written_and_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_leftover_does_not_matter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tags_and_lengths_are_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_written_stays_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_and_locks, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
