#include "native/accounting_keeper.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "native/calendar.h"
#include "native/config.h"
#include "native/folder.h"
#include "native/key_files.h"
#include "native/log.h"
#include "native/openssl_provider.h"
#include "native/state_text.h"
#include "support/test.h"
#include "wire/text.h"

#define MB       (UINT64_C(1) << 20)
#define DAY      UINT64_C(86400)
#define MIDNIGHT (UINT64_C(20000) * DAY)
#define NOON     (MIDNIGHT + DAY / 2)

struct world {
    struct config *config;
    char folder[64];
    struct accounting_keeper *keeper;
    uint64_t now_s, read, written; /* totals of this process */
    enum hibernation states[8];    /* as told, in order */
    unsigned changes;
    bool is_busy; /* the workers take nothing */
    struct task *waiting;
    bool is_slow; /* they take it, and do it when the test says so */
};

static bool submit(void *context, struct task *task) {
    struct world *w = context;
    if (w->is_busy)
        return false;
    if (w->is_slow) {
        assert_null(w->waiting);
        w->waiting = task;
        return true;
    }
    task->run(task);
    task->finish(task, true);
    return true;
}

static void on_changed(void *context, enum hibernation hibernation) {
    struct world *w = context;
    assert_true(w->changes < COUNT(w->states));
    w->states[w->changes++] = hibernation;
}

static int set_up(void **state) {
    struct world *w = calloc(1, sizeof *w);
    *state = w;
    snprintf(w->folder, sizeof w->folder, "/tmp/loom-accounting-XXXXXX");
    if (!mkdtemp(w->folder))
        return -1;
    w->config = config_new();
    w->config->data_directory = strdup(w->folder);
    w->config->accounting_max = 1000 * MB;
    w->config->accounting_period = (struct accounting_period){.unit = ACCOUNTING_DAY};
    w->now_s = NOON;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    config_free(w->config);
    assert_true(folder_remove(w->folder));
    free(w);
    return 0;
}

/* Also after the end of the process before: totals begin with 0. */
static bool start(struct world *w, struct complaint *complaint) {
    static const uint8_t rsa_id[20] = {7};
    const struct accounting_keeper_options options = {.config = w->config,
                                                      .crypt = openssl_provider(),
                                                      .calendar = &calendar_utc,
                                                      .rsa_id = rsa_id,
                                                      .tasks = {submit, w},
                                                      .context = w,
                                                      .changed = on_changed};
    w->read = w->written = 0;
    w->keeper = accounting_keeper_new(&options, w->now_s, complaint);
    return w->keeper != NULL;
}

static void start_well(struct world *w) {
    struct complaint complaint = {""};
    if (!start(w, &complaint))
        fail_msg("%s", complaint.text);
}

static void pass(struct world *w, uint64_t read, uint64_t written) {
    w->now_s++;
    w->read += read;
    w->written += written;
    accounting_keeper_second(w->keeper, w->now_s, w->read, w->written);
}

static void stop(struct world *w) {
    accounting_keeper_free(w->keeper, w->now_s, w->read, w->written);
    w->keeper = NULL;
}

/* The process is gone, and has said nothing; a test has to free it. */
static void crash(struct world *w) {
    struct accounting_record kept;
    struct complaint complaint;
    uint8_t text[4096];
    size_t length;
    assert_int_equal(key_file_read(w->folder, "state", text, sizeof text, &length, &complaint),
                     KEY_FILE_READ);
    stop(w);
    assert_true(key_file_write(w->folder, "state", (struct span){text, length}, &complaint));
    assert_true(state_text_parse((struct span){text, length}, openssl_provider(), &kept, &complaint));
}

static struct accounting_record kept_record(const struct world *w) {
    struct accounting_record kept;
    struct complaint complaint;
    uint8_t text[4096];
    size_t length;
    assert_int_equal(key_file_read(w->folder, "state", text, sizeof text, &length, &complaint),
                     KEY_FILE_READ);
    assert_true(state_text_parse((struct span){text, length}, openssl_provider(), &kept, &complaint));
    return kept;
}

static void a_restart_goes_on_counting(void **state) {
    struct world *w = *state;
    for (unsigned i = 0; i < 3; i++) {
        start_well(w);
        pass(w, 10 * MB, MB);
        pass(w, 10 * MB, MB);
        w->written += 5; /* after the last look */
        stop(w);
        assert_int_equal(kept_record(w).read, (i + 1) * 20 * MB);
        assert_int_equal(kept_record(w).written, (i + 1) * (2 * MB + 5));
    }
    assert_int_equal(w->changes, 0);
}

/* Whenever it is killed, what the file lacks is less than a hundredth of AccountingMax and the last second's, and no older than
 * a minute. */
static void a_crash_loses_little(void **state) {
    struct world *w = *state;
    struct rng rng;
    uint64_t last_equal_s = w->now_s, used = 0;
    rng_seed(&rng, 1);
    start_well(w);
    for (unsigned i = 0; i < 4000 && w->changes == 0; i++) {
        uint64_t bytes = rng_below(&rng, 4) ? rng_below(&rng, 10000) : rng_below(&rng, 3 * MB);
        pass(w, 0, bytes);
        used += bytes;
        uint64_t kept = kept_record(w).written;
        assert_true(kept <= used);
        assert_true(used - kept <= 10 * MB + bytes);
        if (kept == used)
            last_equal_s = w->now_s;
        assert_true(w->now_s - last_equal_s <= ACCOUNTING_SAVE_S + 1);
    }
    assert_true(w->changes > 0); /* it was used up */
    crash(w);
}

static void a_day_and_the_next(void **state) {
    struct world *w = *state;
    start_well(w);
    pass(w, 900 * MB, 0);
    assert_int_equal(w->changes, 0);
    pass(w, 50 * MB, 0);
    assert_int_equal(accounting_keeper_state(w->keeper), HIBERNATION_SOFT);
    assert_int_equal(kept_record(w).soft_bytes, 950 * MB); /* at once */
    pass(w, 50 * MB, 0);
    assert_int_equal(accounting_keeper_state(w->keeper), HIBERNATION_DORMANT);
    assert_int_equal(kept_record(w).read, 1000 * MB);

    /* Killed and ended in good order, it stays asleep. */
    for (unsigned i = 0; i < 2; i++) {
        if (i == 0)
            crash(w);
        else
            stop(w);
        start_well(w);
        assert_int_equal(accounting_keeper_state(w->keeper), HIBERNATION_DORMANT);
        pass(w, 0, 0);
    }
    w->now_s = MIDNIGHT + DAY - 2;
    pass(w, 0, 0);
    assert_int_equal(accounting_keeper_state(w->keeper), HIBERNATION_DORMANT);
    pass(w, 0, 0);
    assert_int_equal(accounting_keeper_state(w->keeper), HIBERNATION_NONE);
    assert_int_equal(kept_record(w).read, 0);
    assert_int_equal(kept_record(w).start_s, MIDNIGHT + DAY);
    static const enum hibernation expected[] = {HIBERNATION_SOFT, HIBERNATION_DORMANT, HIBERNATION_NONE};
    assert_int_equal(w->changes, COUNT(expected));
    assert_memory_equal(w->states, expected, sizeof expected);
    stop(w);
}

static void busy_and_slow_workers(void **state) {
    struct world *w = *state;
    start_well(w);
    w->is_busy = true;
    pass(w, 20 * MB, 0);
    assert_int_equal(kept_record(w).read, 0);
    w->is_busy = false;
    pass(w, 0, 0);
    assert_int_equal(kept_record(w).read, 20 * MB);
    w->is_slow = true;
    pass(w, 20 * MB, 0);
    pass(w, 20 * MB, 0); /* one at a time */
    struct task *first = w->waiting;
    w->waiting = NULL;
    first->run(first);
    first->finish(first, true);
    assert_int_equal(kept_record(w).read, 40 * MB);
    pass(w, 0, 0);
    first = w->waiting;
    first->run(first);
    stop(w); /* the workers have stopped; nobody tells us of what they did */
    first->finish(first, false);
    assert_int_equal(kept_record(w).read, 60 * MB);
}

/* Whatever a power cut left of the file: what was counted is there, or the relay does not start, says so in one line, and leaves the
 * file alone. */
static void a_damaged_file_is_refused(void **state) {
    struct world *w = *state;
    struct complaint complaint;
    char path[128];
    uint8_t whole[4096], after[4096];
    size_t length, after_length;
    start_well(w);
    pass(w, 20 * MB, 3);
    stop(w);
    snprintf(path, sizeof path, "%s/state", w->folder);
    assert_int_equal(key_file_read(w->folder, "state", whole, sizeof whole, &length, &complaint),
                     KEY_FILE_READ);
    for (size_t cut = 0; cut < length; cut++) {
        FILE *f = fopen(path, "wb");
        assert_int_equal(fwrite(whole, 1, cut, f), cut);
        assert_int_equal(fclose(f), 0);
        complaint.text[0] = '\0';
        assert_false(start(w, &complaint));
        assert_int_equal(strncmp(complaint.text, path, strlen(path)), 0);
        assert_non_null(strstr(complaint.text, "expected"));
        assert_null(strchr(complaint.text, '\n'));
        assert_int_equal(key_file_read(w->folder, "state", after, sizeof after, &after_length, &complaint),
                         KEY_FILE_READ);
        assert_int_equal(after_length, cut);
    }
    /* What was being written when the power went does not matter. */
    assert_true(key_file_write(w->folder, "state", (struct span){whole, length}, &complaint));
    assert_true(key_file_write(w->folder, "state.tmp", (struct span){whole, length / 2}, &complaint));
    start_well(w);
    stop(w);
    assert_int_equal(kept_record(w).read, 20 * MB);
    assert_int_equal(kept_record(w).written, 3);
}

static void tors_state_is_continued(void **state) {
    struct world *w = *state;
    struct complaint complaint;
    char text[512], date[24];
    snprintf(text, sizeof text,
             "# Tor state file last generated on x local time\nAccountingBytesReadInInterval 997000000\n"
             "AccountingIntervalStart %s\nEntryGuard x\nLastWritten %s\nTorVersion Tor 0.4.9.11\n",
             calendar_text(&calendar_utc, MIDNIGHT, date), date);
    assert_true(key_file_write(w->folder, "state", span_of(text), &complaint));
    start_well(w);
    assert_int_equal(accounting_keeper_state(w->keeper), HIBERNATION_SOFT);
    stop(w);
    uint8_t after[4096];
    size_t length;
    assert_int_equal(key_file_read(w->folder, "state", after, sizeof after, &length, &complaint),
                     KEY_FILE_READ);
    assert_non_null(memmem(after, length, "\nEntryGuard x\n", 14));
    assert_int_equal(kept_record(w).read, 997000000);
}

/* It goes on, and tries again; what it counts is right when that works. */
static void a_disk_that_is_full(void **state) {
    struct world *w = *state;
    struct complaint complaint = {""};
    char path[128];
    snprintf(path, sizeof path, "%s/state.tmp", w->folder);
    start_well(w);
    assert_int_equal(mkdir(path, 0700), 0);
    pass(w, 20 * MB, 0);
    assert_int_equal(kept_record(w).read, 0);
    assert_int_equal(rmdir(path), 0);
    for (unsigned i = 0; i < ACCOUNTING_SAVE_S; i++)
        pass(w, 0, 0);
    assert_int_equal(kept_record(w).read, 20 * MB);
    stop(w);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(start(w, &complaint));
    assert_non_null(strstr(complaint.text, "expected a file that can be written"));
}

static void what_is_said(void **state) {
    struct world *w = *state;
    struct evbuffer *text = evbuffer_new();
    start_well(w);
    pass(w, 5, 960 * MB);
    accounting_keeper_log(w->keeper, w->now_s);
    accounting_keeper_metrics(w->keeper, text);
    evbuffer_add(text, "", 1);
    const char *metrics = (const char *)evbuffer_pullup(text, -1);
    assert_non_null(strstr(metrics, "loom_accounting{kind=\"read\"} 5\n"));
    assert_non_null(strstr(metrics, "loom_accounting{kind=\"used\"} 1006632960\n"));
    assert_non_null(strstr(metrics, "loom_accounting{kind=\"hibernating\"} 1\n"));
    assert_true(accounting_keeper_hides_directory(w->keeper));
    evbuffer_free(text);
    stop(w);
    accounting_keeper_free(NULL, 0, 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_restart_goes_on_counting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_crash_loses_little, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_day_and_the_next, set_up, tear_down),
        cmocka_unit_test_setup_teardown(busy_and_slow_workers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_file_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tors_state_is_continued, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_disk_that_is_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_said, set_up, tear_down),
    };
    log_start_silent();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
