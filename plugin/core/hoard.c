#include "core/hoard.h"

#include <stdbool.h>

static bool is_marked(const struct hoard *hoard, nsec watching_since) {
    return watching_since > 0 && hoard->since >= watching_since;
}

static void mark(struct hoard *hoard, nsec now, uint32_t sent, uint32_t held, uint32_t pace_ms) {
    *hoard = (struct hoard){.since = now, .sent = sent, .until = sent + held, .pace_ms = pace_ms};
}

/* How long what is held takes at the pace since the mark; gone > 0. */
static uint32_t pace_ms(const struct hoard *hoard, nsec now, uint32_t gone, uint32_t held) {
    uint64_t ms = (now - hoard->since) / NSEC_PER_MS * held / gone;
    return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

void hoard_see(struct hoard *hoard, nsec now, nsec watching_since, uint32_t sent, uint32_t held) {
    if (held == 0) {
        *hoard = (struct hoard){0};
        return;
    }
    uint32_t gone = sent - hoard->sent;
    if (!is_marked(hoard, watching_since))
        mark(hoard, now, sent, held, 0);
    else if (gone > 0 && gone >= hoard->until - hoard->sent)
        mark(hoard, now, sent, held, pace_ms(hoard, now, gone, held));
}

unsigned hoard_class(const struct hoard *hoard, nsec at, nsec watching_since) {
    if (!is_marked(hoard, watching_since))
        return 0;
    uint64_t ms = at > hoard->since ? (at - hoard->since) / NSEC_PER_MS : 0;
    if (ms < hoard->pace_ms)
        ms = hoard->pace_ms;
    unsigned class = 0;
    while (ms > 0 && class < HOARD_CLASSES - 1) {
        class ++;
        ms >>= 1;
    }
    return class;
}

struct hoard_verdict hoard_judge(const struct hoard_ages *ages, uint32_t need) {
    uint64_t older = 0;
    unsigned class = HOARD_CLASSES;
    while (class -- > 0) {
        if (older + ages->cells[class] >= need)
            return (struct hoard_verdict){class, (uint32_t)(need - older)};
        older += ages->cells[class];
    }
    return (struct hoard_verdict){0, ages->cells[0]};
}
