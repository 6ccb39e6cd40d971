/* accounting - how many bytes a relay may still move in this month, week or day, and when it sleeps (AccountingMax): tor's
 * rules, so that a relay can go from tor to Loom and back within an interval.
 *
 * Awake until less is left than it may use before it is at its limit (the soft limit: 95 %, and neither more than 500 MB nor three
 * hours of what is usual are left); then nothing new is let in; dormant when max bytes have passed, until the interval ends. The
 * next begins asleep if the last one's use would not last through it: it is then awake for as long as it lasts, from a time
 * that our identity and the interval choose, so that not all relays are awake on the first and none on the last day.
 * The law: nothing is let in while used >= soft limit; nothing passes while used >= max (but for what passes between two looks).
 * Pure. Owner: whoever holds it; told once a second. Memory: in place. Times are seconds since 1970. */
#ifndef LOOM_NATIVE_ACCOUNTING_H
#define LOOM_NATIVE_ACCOUNTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "core/hibernation.h"
#include "native/accounting_period.h"

struct calendar;
struct crypt_provider;

enum accounting_rule { ACCOUNTING_MAX, ACCOUNTING_SUM, ACCOUNTING_IN, ACCOUNTING_OUT };

struct accounting_terms {
    uint64_t max;              /* bytes of an interval, by rule; not 0 */
    enum accounting_rule rule; /* of what is read and written: the larger, both, the one, the other */
    struct accounting_period period;
    uint64_t rate_max; /* bytes that the relay may move in a second, each way */
    uint8_t rsa_id[20];
    const struct calendar *calendar; /* borrowed, as is crypt */
    const struct crypt_provider *crypt;
};

/* What outlives the process, in tor's terms. */
struct accounting_record {
    uint64_t start_s; /* of the interval; 0: nothing is known */
    uint64_t read, written;
    uint64_t seconds_active;
    uint64_t expected_a_minute; /* bytes by rule; 0: no estimate */
    /* When the soft limit was reached, after how many active seconds, with how many bytes by rule; or 0. */
    uint64_t soft_at_s, soft_seconds, soft_bytes;
};

struct accounting {
    struct accounting_terms terms;
    struct accounting_record record;
    uint64_t end_s, wakeup_s; /* of the interval */
    uint64_t until_s;         /* we hibernate; 0: we do not */
    enum hibernation state;
};

/* What has happened; bits. In this order. */
enum accounting_news {
    ACCOUNTING_MISFIT = 1,   /* the record is of an interval that does not fit ours: a new one has begun */
    ACCOUNTING_SETTLED = 2,  /* the interval, and when we are awake in it */
    ACCOUNTING_WAITS = 4,    /* a new interval: asleep until wakeup_s */
    ACCOUNTING_WOKE = 8,     /* awake again */
    ACCOUNTING_SOFT = 16,    /* the soft limit is reached */
    ACCOUNTING_SLEEPS = 32,  /* before wakeup_s of an interval that we found ourselves in: dormant */
    ACCOUNTING_DORMANT = 64, /* the limit is reached, or we slept in: dormant */
};

/* Begin, with what was kept or with zeros. Returns news. */
MUST_USE unsigned accounting_begin(struct accounting *a, uint64_t now_s, const struct accounting_terms *terms,
                                   const struct accounting_record *kept);
/* A second has passed, in which so many bytes did. Returns news. */
MUST_USE unsigned accounting_second(struct accounting *a, uint64_t now_s, uint64_t read, uint64_t written);
/* Bytes of this interval, by rule. */
uint64_t accounting_used(const struct accounting *a);
/* Where the soft limit is. */
uint64_t accounting_soft_limit(const struct accounting *a);
/* When we expect to have used them, at most the end of the interval; 0 without an estimate. */
uint64_t accounting_expected_end_s(const struct accounting *a);
/* The relay may move more than it has for the interval: it must be expected to sleep, and should not offer what clients want to
 * rely on. */
bool accounting_may_run_out(const struct accounting *a);

#endif
