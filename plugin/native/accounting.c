#include "native/accounting.h"

#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "crypt/provider.h"
#include "wire/text.h"

#define SOFT_SHARE_LEFT   20u                   /* a twentieth of max: the soft limit is at 95 % */
#define SOFT_BYTES_LEFT   (UINT64_C(500) << 20) /* or later */
#define SOFT_MINUTES_LEFT 180u                  /* or later */
#define MEASURE_S         1800u                 /* less is no base for an estimate */
#define MINUTES_MAX       (uint64_t)(INT32_MAX / 60)

/* --- what was used, and what is to be expected -------------------------------------------------------------------- */

uint64_t accounting_used(const struct accounting *a) {
    uint64_t in = a->record.read, out = a->record.written;
    switch (a->terms.rule) {
    case ACCOUNTING_SUM: return in + out;
    case ACCOUNTING_IN: return in;
    case ACCOUNTING_OUT: return out;
    case ACCOUNTING_MAX: break;
    }
    return in > out ? in : out;
}

uint64_t accounting_soft_limit(const struct accounting *a) {
    uint64_t max = a->terms.max, usual = a->record.expected_a_minute;
    uint64_t left = max / SOFT_SHARE_LEFT;
    if (left > SOFT_BYTES_LEFT)
        left = SOFT_BYTES_LEFT;
    if (usual > 0 && usual < left / SOFT_MINUTES_LEFT)
        left = usual * SOFT_MINUTES_LEFT;
    return max - left;
}

/* A minute of the interval that has ended. What came after the soft limit says nothing: there was less to do. (tor counts the
 * time since the interval began, asleep or not, and then divides by 60 where it means to multiply: its relays forget to sleep.) */
static uint64_t estimate(const struct accounting *a) {
    const struct accounting_record *r = &a->record;
    uint64_t a_minute = 0, most = a->terms.rate_max * 60;
    if (a->terms.rule == ACCOUNTING_SUM)
        most *= 2;
    if (r->soft_at_s > r->start_s && r->soft_bytes > 0 && r->soft_seconds >= MEASURE_S)
        a_minute = r->soft_bytes / r->soft_seconds * 60;
    else if (r->seconds_active >= MEASURE_S)
        a_minute = accounting_used(a) / r->seconds_active * 60;
    return a_minute < most ? a_minute : most;
}

/* How long max lasts. */
static uint64_t lasting_s(const struct accounting *a) {
    uint64_t minutes = a->terms.max / a->record.expected_a_minute;
    return (minutes < MINUTES_MAX ? minutes : MINUTES_MAX) * 60;
}

uint64_t accounting_expected_end_s(const struct accounting *a) {
    if (a->record.expected_a_minute == 0)
        return 0;
    uint64_t end_s = a->wakeup_s + lasting_s(a);
    return end_s < a->end_s ? end_s : a->end_s;
}

bool accounting_may_run_out(const struct accounting *a) {
    uint64_t each_way = a->terms.rule == ACCOUNTING_SUM ? a->terms.max / 2 : a->terms.max;
    return a->terms.rate_max >= each_way / (a->end_s - a->record.start_s);
}

/* --- the interval --------------------------------------------------------------------------------------------------- */

/* Of the seconds that we could sleep and still use all: as many as digest says. */
static uint64_t draw_sleep_s(const struct accounting *a, uint64_t most) {
    char text[20];
    uint8_t digest[SHA1_LEN];
    struct bytes_out out = bytes_out(text, sizeof text);
    text_put_time(&out, a->record.start_s);
    const struct span parts[2] = {{out.start, bytes_written(&out)},
                                  {a->terms.rsa_id, sizeof a->terms.rsa_id}};
    a->terms.crypt->sha1(parts, 2, digest);
    uint32_t number = (uint32_t)digest[3] << 24 | (uint32_t)digest[2] << 16 | (uint32_t)digest[1] << 8 |
                      digest[0]; /* tor reads it so, on all machines that matter */
    return number % most;
}

static void set_wakeup(struct accounting *a) {
    uint64_t length_s = a->end_s - a->record.start_s;
    a->wakeup_s = a->record.start_s;
    if (a->record.expected_a_minute > 0 && lasting_s(a) < length_s)
        a->wakeup_s += draw_sleep_s(a, length_s - lasting_s(a));
}

static void begin_interval(struct accounting *a, const struct accounting_interval *now) {
    a->record = (struct accounting_record){.start_s = now->start_s, .expected_a_minute = estimate(a)};
}

/* How far from start_s to at_s is, in hundredths of length_s. */
static int64_t hundredths(uint64_t start_s, uint64_t at_s, uint64_t length_s) {
    return ((int64_t)at_s - (int64_t)start_s) * 100 / (int64_t)length_s;
}

/* Which interval it is, and whether it is the one that we know: if its edge has moved a little, because the operator wants it
 * so, what was counted still counts. */
static unsigned settle_interval(struct accounting *a, uint64_t now_s) {
    const struct accounting_terms *t = &a->terms;
    struct accounting_interval now = accounting_interval_at(&t->period, t->calendar, now_s);
    unsigned news = 0;
    CHECK(now.start_s < now.end_s);
    if (a->record.start_s == 0) {
        begin_interval(a, &now);
    } else if (a->record.start_s != now.start_s) {
        struct accounting_interval known = accounting_interval_at(&t->period, t->calendar, a->record.start_s);
        int64_t moved = hundredths(a->record.start_s, now.start_s, known.end_s - known.start_s);
        if (moved > 50 || moved < -50) {
            news = moved < 99 ? ACCOUNTING_MISFIT : 0;
            begin_interval(a, &now);
        }
        a->record.start_s = now.start_s;
    }
    a->end_s = now.end_s;
    set_wakeup(a);
    return news | ACCOUNTING_SETTLED;
}

/* --- awake and asleep ----------------------------------------------------------------------------------------------- */

static unsigned go_dormant(struct accounting *a, uint64_t now_s, unsigned why) {
    a->state = HIBERNATION_DORMANT;
    a->until_s = now_s < a->wakeup_s ? a->wakeup_s : a->end_s;
    return why;
}

/* It is until_s: the interval has ended, or it is time to wake up. */
static unsigned end_sleep(struct accounting *a, uint64_t now_s) {
    if (now_s < a->wakeup_s) {
        unsigned news = ACCOUNTING_WAITS;
        if (a->state != HIBERNATION_DORMANT)
            news |= ACCOUNTING_DORMANT;
        return go_dormant(a, now_s, news);
    }
    a->state = HIBERNATION_NONE;
    a->until_s = 0;
    return ACCOUNTING_WOKE;
}

static unsigned consider_soft_limit(struct accounting *a, uint64_t now_s, bool is_beginning) {
    if (accounting_used(a) >= accounting_soft_limit(a)) {
        if (!is_beginning) { /* else it was reached before, and noted */
            a->record.soft_at_s = now_s;
            a->record.soft_seconds = a->record.seconds_active;
            a->record.soft_bytes = accounting_used(a);
        }
        a->state = HIBERNATION_SOFT;
        a->until_s = a->end_s;
        return ACCOUNTING_SOFT;
    }
    return now_s < a->wakeup_s ? go_dormant(a, now_s, ACCOUNTING_SLEEPS) : 0;
}

static unsigned consider(struct accounting *a, uint64_t now_s, bool is_beginning) {
    unsigned news = 0;
    if (a->state != HIBERNATION_NONE && a->until_s <= now_s)
        news |= end_sleep(a, now_s);
    if (a->state == HIBERNATION_NONE)
        news |= consider_soft_limit(a, now_s, is_beginning);
    if (a->state == HIBERNATION_SOFT && accounting_used(a) >= a->terms.max)
        news |= go_dormant(a, now_s, ACCOUNTING_DORMANT);
    return news;
}

unsigned accounting_begin(struct accounting *a, uint64_t now_s, const struct accounting_terms *terms,
                          const struct accounting_record *kept) {
    CHECK(terms->max > 0);
    *a = (struct accounting){.terms = *terms, .record = *kept, .state = HIBERNATION_NONE};
    if (a->record.soft_at_s <= a->record.start_s) /* of an interval before */
        a->record.soft_at_s = a->record.soft_seconds = a->record.soft_bytes = 0;
    unsigned news = settle_interval(a, now_s);
    return news | consider(a, now_s, true);
}

unsigned accounting_second(struct accounting *a, uint64_t now_s, uint64_t read, uint64_t written) {
    unsigned news = 0;
    a->record.read += read;
    a->record.written += written;
    a->record.seconds_active += a->state != HIBERNATION_DORMANT;
    if (now_s >= a->end_s)
        news = settle_interval(a, now_s);
    return news | consider(a, now_s, false);
}
