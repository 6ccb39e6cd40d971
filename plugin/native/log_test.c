#include "native/log.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "native/complaint.h"
#include "support/test.h"

#define THREADS          4
#define LINES_PER_THREAD 500

static char path[64];

static int set_up(void **state) {
    (void)state;
    snprintf(path, sizeof(path), "/tmp/loom-log-test-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
    (void)state;
    log_stop();
    return unlink(path);
}

static void to_file(enum log_level least, enum log_level most, uint32_t granularity_ms) {
    struct complaint complaint;
    const struct log_sink sink = {LOG_SINK_FILE, least, most, path};
    assert_true(log_configure(&sink, 1, granularity_ms, &complaint));
}

static size_t read_log(char *out, size_t room) {
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, room - 1, f);
    fclose(f);
    out[n] = '\0';
    return n;
}

static void lines_look_like_those_of_tor(void **state) {
    (void)state;
    char text[4096];
    regex_t form;
    to_file(LOG_LEVEL_INFO, LOG_LEVEL_WARN, 1);
    log_debug("not this");
    log_info("first %d", 1);
    log_err("nor this");
    log_warn("second\nline");
    read_log(text, sizeof(text));
    assert_int_equal(
        regcomp(&form,
                "^[A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} \\[info\\] first 1\n"
                "[A-Z][a-z]{2} [0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} \\[warn\\] second\\?line\n$",
                REG_EXTENDED | REG_NOSUB),
        0);
    assert_int_equal(regexec(&form, text, 0, NULL, 0), 0);
    regfree(&form);
    assert_true(log_is_on(LOG_LEVEL_INFO));
    assert_false(log_is_on(LOG_LEVEL_DEBUG));
}

static void times_are_rounded(void **state) {
    (void)state;
    char text[512];
    to_file(LOG_LEVEL_NOTICE, LOG_LEVEL_ERR, 1000);
    log_notice("x");
    read_log(text, sizeof(text));
    assert_non_null(strstr(text, ".000 [notice] x\n"));
}

static void long_lines_are_cut(void **state) {
    (void)state;
    char *text = malloc(16384);
    to_file(LOG_LEVEL_NOTICE, LOG_LEVEL_ERR, 1);
    log_notice("%9000d", 7);
    size_t n = read_log(text, 16384);
    assert_true(n < LOG_LINE_MAX + 64);
    assert_string_equal(text + n - 7, " [cut]\n");
    free(text);
}

static void a_file_that_cannot_be_opened_changes_nothing(void **state) {
    (void)state;
    struct complaint complaint = {""};
    char text[512];
    const struct log_sink bad = {LOG_SINK_FILE, LOG_LEVEL_INFO, LOG_LEVEL_ERR, "/nowhere/log"};
    to_file(LOG_LEVEL_NOTICE, LOG_LEVEL_ERR, 1);
    assert_false(log_configure(&bad, 1, 1, &complaint));
    assert_non_null(strstr(complaint.text, "/nowhere/log"));
    log_notice("still here");
    read_log(text, sizeof(text));
    assert_non_null(strstr(text, "still here"));
}

static void reopened_after_a_rename(void **state) {
    (void)state;
    char other[80];
    char text[512];
    to_file(LOG_LEVEL_NOTICE, LOG_LEVEL_ERR, 1);
    log_notice("before");
    snprintf(other, sizeof(other), "%s.1", path);
    assert_int_equal(rename(path, other), 0);
    log_reopen();
    log_notice("after");
    read_log(text, sizeof(text));
    assert_null(strstr(text, "before"));
    assert_non_null(strstr(text, "after"));
    unlink(other);
}

static void *write_lines(void *context) {
    const char *name = context;
    for (int i = 0; i < LINES_PER_THREAD; i++)
        log_notice("%s %d abcdefghijklmnopqrstuvwxyz", name, i);
    return NULL;
}

static void threads_never_mix_lines(void **state) {
    (void)state;
    static char names[THREADS][4] = {"one", "two", "six", "ten"};
    pthread_t threads[THREADS];
    unsigned lines = 0;
    char line[512];
    to_file(LOG_LEVEL_NOTICE, LOG_LEVEL_ERR, 1);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        assert_non_null(strstr(line, "[notice] "));
        assert_string_equal(line + strlen(line) - 27, "abcdefghijklmnopqrstuvwxyz\n");
        assert_true(strlen(line) < 90);
        lines++;
    }
    fclose(f);
    assert_int_equal(lines, THREADS * LINES_PER_THREAD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_look_like_those_of_tor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(times_are_rounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_lines_are_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_cannot_be_opened_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reopened_after_a_rename, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_never_mix_lines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
