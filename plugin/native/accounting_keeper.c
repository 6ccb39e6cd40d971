#include "native/accounting_keeper.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "native/accounting.h"
#include "native/calendar.h"
#include "native/config.h"
#include "native/key_files.h"
#include "native/log.h"
#include "native/state_text.h"
#include "wire/text.h"

#define STATE_FILE "state"

struct accounting_keeper {
    struct accounting_keeper_options options;
    struct accounting accounting;
    uint8_t *before; /* the file as we found it, for the lines of others */
    size_t before_length;
    uint64_t read, written;    /* totals at the last look */
    uint64_t saved_s;          /* when the file was given to be written */
    uint64_t saved_used;       /* and what it says */
    struct save_state *saving; /* being written, or NULL */
    bool is_due;               /* to be saved at once */
    bool has_failed;           /* the last time: said already */
};

/* A text on its way to the disk. */
struct save_state {
    struct task task;
    struct accounting_keeper *keeper;
    const char *folder;
    struct complaint complaint;
    bool is_saved;
    size_t length;
    uint8_t text[];
};

/* --- the file --------------------------------------------------------------------------------------------------------- */

static bool parse(struct accounting_keeper *k, struct accounting_record *out, struct complaint *complaint) {
    if (k->before_length == 0)
        complain(complaint,
                 "expected a state or no file at all, but it is empty; when it is moved away, accounting "
                 "begins anew with nothing counted");
    else if (state_text_parse((struct span){k->before, k->before_length}, k->options.crypt, out, complaint))
        return true;
    complaint_prefix(complaint, "%s/" STATE_FILE ": ", k->options.config->data_directory);
    return false;
}

static bool load(struct accounting_keeper *k, struct accounting_record *out, struct complaint *complaint) {
    const char *folder = k->options.config->data_directory;
    *out = (struct accounting_record){0};
    if (!key_file_is_there(folder, STATE_FILE))
        return true;
    k->before = malloc(STATE_TEXT_MAX);
    if (!k->before)
        return complain(complaint, "no memory");
    if (key_file_read(folder, STATE_FILE, k->before, STATE_TEXT_MAX, &k->before_length, complaint) !=
        KEY_FILE_READ)
        return false;
    if (!parse(k, out, complaint))
        return false;
    uint8_t *fitting = realloc(k->before, k->before_length);
    k->before = fitting ? fitting : k->before;
    return true;
}

static void run_save(struct task *task) {
    struct save_state *save = LIST_ENTRY(task, struct save_state, task);
    save->is_saved =
        key_file_write(save->folder, STATE_FILE, (struct span){save->text, save->length}, &save->complaint);
}

/* Said once until it is mended. */
static void note_saved(struct accounting_keeper *k, const struct save_state *save) {
    if (!save->is_saved && !k->has_failed)
        log_warn("Couldn't record bandwidth usage to disk: %s; trying again", save->complaint.text);
    k->has_failed = !save->is_saved;
}

static void finish_save(struct task *task, bool is_done) {
    struct save_state *save = LIST_ENTRY(task, struct save_state, task);
    if (is_done) {
        save->keeper->saving = NULL;
        note_saved(save->keeper, save);
    }
    free(save);
}

/* NULL without memory. */
static struct save_state *new_save(struct accounting_keeper *k, uint64_t now_s) {
    char local[CALENDAR_TEXT_MAX];
    size_t room = k->before_length + STATE_OURS_MAX;
    struct save_state *save = calloc(1, sizeof *save + room);
    if (!save)
        return NULL;
    struct bytes_out out = bytes_out(save->text, room);
    state_text_encode(&out, &k->accounting.record, (struct span){k->before, k->before_length}, now_s,
                      calendar_text(k->options.calendar, now_s, local), k->options.crypt);
    CHECK(bytes_out_ok(&out));
    save->length = bytes_written(&out);
    save->task = (struct task){NULL, run_save, finish_save};
    save->keeper = k;
    save->folder = k->options.config->data_directory;
    return save;
}

static bool save_now(struct accounting_keeper *k, uint64_t now_s, struct complaint *complaint) {
    struct save_state *save = new_save(k, now_s);
    if (!save)
        return complain(complaint, "no memory");
    run_save(&save->task);
    bool is_saved = save->is_saved;
    *complaint = save->complaint;
    free(save);
    k->saved_s = now_s;
    k->saved_used = accounting_used(&k->accounting);
    return is_saved;
}

static bool is_save_due(const struct accounting_keeper *k, uint64_t now_s) {
    uint64_t grown = accounting_used(&k->accounting) - k->saved_used;
    bool is_old = now_s >= k->saved_s + ACCOUNTING_SAVE_S || now_s < k->saved_s;
    return k->is_due || grown > k->accounting.terms.max / ACCOUNTING_SAVE_PARTS || (is_old && grown > 0) ||
           (is_old && k->has_failed);
}

/* By a worker; one at a time. What is refused is tried again in a second. */
static void save_if_due(struct accounting_keeper *k, uint64_t now_s) {
    struct save_state *save = k->saving == NULL && is_save_due(k, now_s) ? new_save(k, now_s) : NULL;
    if (!save)
        return;
    k->saving = save;
    if (!k->options.tasks.submit(k->options.tasks.context, &save->task)) {
        k->saving = NULL;
        free(save);
        return;
    }
    k->saved_s = now_s;
    k->saved_used = accounting_used(&k->accounting);
    k->is_due = false;
}

/* --- what the log says: tor's words ----------------------------------------------------------------------------------- */

static void log_settled(const struct accounting_keeper *k, uint64_t now_s) {
    const struct accounting *a = &k->accounting;
    char start[CALENDAR_TEXT_MAX], wake[CALENDAR_TEXT_MAX], out[CALENDAR_TEXT_MAX], end[CALENDAR_TEXT_MAX];
    uint64_t expected_s = accounting_expected_end_s(a);
    calendar_text(k->options.calendar, a->record.start_s, start);
    calendar_text(k->options.calendar, a->end_s, end);
    if (expected_s == 0) {
        log_notice("Configured hibernation. This interval begins at %s and ends at %s. We have no prior "
                   "estimate for bandwidth, so we will start out awake and hibernate when we exhaust our "
                   "quota.",
                   start, end);
        return;
    }
    log_notice("Configured hibernation. This interval began at %s; the scheduled wake-up time %s %s; we "
               "expect%s to exhaust our quota for this interval around %s; the next interval begins at %s "
               "(all times local)",
               start, now_s < a->wakeup_s ? "is" : "was",
               calendar_text(k->options.calendar, a->wakeup_s, wake), now_s < expected_s ? "" : "ed",
               calendar_text(k->options.calendar, expected_s, out), end);
}

static void log_news(const struct accounting_keeper *k, uint64_t now_s, unsigned news) {
    char wakeup[CALENDAR_TEXT_MAX];
    if (news & ACCOUNTING_MISFIT)
        log_warn("Mismatched accounting interval: the one in " STATE_FILE
                 " is not this one. Starting a fresh one.");
    if (news & ACCOUNTING_SETTLED)
        log_settled(k, now_s);
    if (news & ACCOUNTING_WAITS)
        log_notice("Accounting period ended. This period, we will hibernate until %s UTC",
                   calendar_text(&calendar_utc, k->accounting.wakeup_s, wakeup));
    if (news & ACCOUNTING_WOKE)
        log_notice("Hibernation period ended. Resuming normal activity.");
    if (news & ACCOUNTING_SOFT)
        log_notice(
            "Bandwidth soft limit reached; commencing hibernation. No new connections will be accepted");
    if (news & ACCOUNTING_SLEEPS)
        log_notice("Commencing hibernation. We will wake up at %s local time.",
                   calendar_text(k->options.calendar, k->accounting.wakeup_s, wakeup));
    if (news & (ACCOUNTING_SLEEPS | ACCOUNTING_DORMANT))
        log_notice("Going dormant. Blowing away remaining connections.");
}

#define AMOUNT_MAX 32u

static const char *amount(uint64_t bytes, char out[static AMOUNT_MAX]) {
    if (bytes < 1u << 20)
        snprintf(out, AMOUNT_MAX, "%llu kB", (unsigned long long)(bytes >> 10));
    else if (bytes < 1u << 30)
        snprintf(out, AMOUNT_MAX, "%.2f MB", (double)bytes / (1u << 20));
    else
        snprintf(out, AMOUNT_MAX, "%.2f GB", (double)bytes / (1u << 30));
    return out;
}

static const char *name_of(enum accounting_rule rule) {
    switch (rule) {
    case ACCOUNTING_SUM: return "sum";
    case ACCOUNTING_IN: return "in";
    case ACCOUNTING_OUT: return "out";
    case ACCOUNTING_MAX: break;
    }
    return "max";
}

void accounting_keeper_log(const struct accounting_keeper *k, uint64_t now_s) {
    const struct accounting *a = &k->accounting;
    char sent[AMOUNT_MAX], received[AMOUNT_MAX], used[AMOUNT_MAX], max[AMOUNT_MAX], end[CALENDAR_TEXT_MAX];
    uint64_t left_s = now_s < a->end_s ? a->end_s - now_s : 0;
    log_notice("Heartbeat: Accounting enabled. Sent: %s, Received: %s, Used: %s / %s, Rule: %s. The current "
               "accounting interval ends on %s, in %llu:%02llu hours.",
               amount(a->record.written, sent), amount(a->record.read, received),
               amount(accounting_used(a), used), amount(a->terms.max, max), name_of(a->terms.rule),
               calendar_text(k->options.calendar, a->end_s, end), (unsigned long long)(left_s / 3600),
               (unsigned long long)(left_s / 60 % 60));
}

void accounting_keeper_metrics(const struct accounting_keeper *k, struct evbuffer *out) {
    const struct accounting *a = &k->accounting;
    evbuffer_add_printf(out,
                        "# HELP loom_accounting This accounting interval: bytes, and seconds since 1970. "
                        "hibernating: 1 soft, 2 dormant.\n"
                        "# TYPE loom_accounting gauge\n"
                        "loom_accounting{kind=\"read\"} %llu\n"
                        "loom_accounting{kind=\"written\"} %llu\n"
                        "loom_accounting{kind=\"used\"} %llu\n"
                        "loom_accounting{kind=\"soft_limit\"} %llu\n"
                        "loom_accounting{kind=\"max\"} %llu\n"
                        "loom_accounting{kind=\"start\"} %llu\n"
                        "loom_accounting{kind=\"wakeup\"} %llu\n"
                        "loom_accounting{kind=\"end\"} %llu\n"
                        "loom_accounting{kind=\"hibernating\"} %u\n",
                        (unsigned long long)a->record.read, (unsigned long long)a->record.written,
                        (unsigned long long)accounting_used(a), (unsigned long long)accounting_soft_limit(a),
                        (unsigned long long)a->terms.max, (unsigned long long)a->record.start_s,
                        (unsigned long long)a->wakeup_s, (unsigned long long)a->end_s, (unsigned)a->state);
}

/* --- life ------------------------------------------------------------------------------------------------------------- */

static struct accounting_terms terms_of(const struct accounting_keeper_options *options) {
    const struct config *config = options->config;
    struct accounting_terms terms = {.max = config->accounting_max,
                                     .rule = config->accounting_rule,
                                     .period = config->accounting_period,
                                     .rate_max = config_rate(config),
                                     .calendar = options->calendar,
                                     .crypt = options->crypt};
    memcpy(terms.rsa_id, options->rsa_id, sizeof terms.rsa_id);
    return terms;
}

struct accounting_keeper *accounting_keeper_new(const struct accounting_keeper_options *options,
                                                uint64_t now_s, struct complaint *complaint) {
    const struct accounting_terms terms = terms_of(options);
    struct accounting_record kept;
    struct accounting_keeper *k = calloc(1, sizeof *k);
    if (!k) {
        complain(complaint, "no memory");
        return NULL;
    }
    k->options = *options;
    if (load(k, &kept, complaint)) {
        unsigned news = accounting_begin(&k->accounting, now_s, &terms, &kept);
        if (save_now(k, now_s, complaint)) {
            log_news(k, now_s, news);
            return k;
        }
    }
    free(k->before);
    free(k);
    return NULL;
}

/* What passed since the last look. */
static unsigned count(struct accounting_keeper *k, uint64_t now_s, uint64_t read, uint64_t written) {
    uint64_t more_read = read - k->read, more_written = written - k->written;
    k->read = read;
    k->written = written;
    return accounting_second(&k->accounting, now_s, more_read, more_written);
}

void accounting_keeper_free(struct accounting_keeper *k, uint64_t now_s, uint64_t read, uint64_t written) {
    struct complaint complaint;
    if (!k)
        return;
    (void)count(k, now_s, read, written);
    if (!save_now(k, now_s, &complaint))
        log_warn("Couldn't record bandwidth usage to disk: %s", complaint.text);
    free(k->before);
    free(k);
}

void accounting_keeper_second(struct accounting_keeper *k, uint64_t now_s, uint64_t read, uint64_t written) {
    enum hibernation before = k->accounting.state;
    unsigned news = count(k, now_s, read, written);
    log_news(k, now_s, news);
    k->is_due |= news != 0;
    save_if_due(k, now_s);
    if (k->accounting.state != before)
        k->options.changed(k->options.context, k->accounting.state);
}

enum hibernation accounting_keeper_state(const struct accounting_keeper *k) {
    return k->accounting.state;
}

bool accounting_keeper_hides_directory(const struct accounting_keeper *k) {
    return accounting_may_run_out(&k->accounting);
}
