#include "native/republish.h"

#include <stddef.h>

void republish_done(struct republish *r, uint64_t now_s, uint64_t observed) {
    r->published_s = now_s;
    r->observed = observed;
}

static bool has_changed(uint64_t before, uint64_t now) {
    if (before == 0 || now == 0)
        return before != now;
    return now > before * REPUBLISH_FACTOR || now < before / REPUBLISH_FACTOR;
}

const char *republish_reason(struct republish *r, const struct republish_facts *facts) {
    bool is_old = facts->now_s >= r->published_s + REPUBLISH_MISSED_S;
    if (facts->consensus_s != 0 && is_old && !facts->is_listed)
        return "not listed in consensus";
    if (facts->consensus_s > r->published_s && is_old && facts->is_stale)
        return "listed as stale in consensus";
    bool may_tell = facts->is_testing || r->observed == 0 || r->bandwidth_s == 0 ||
                    facts->now_s >= r->bandwidth_s + REPUBLISH_BANDWIDTH_S;
    if (facts->uptime_s > REPUBLISH_YOUNG_S || !may_tell || !has_changed(r->observed, facts->observed))
        return NULL;
    r->bandwidth_s = facts->now_s;
    return "bandwidth has changed";
}
