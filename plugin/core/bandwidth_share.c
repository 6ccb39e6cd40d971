#include "core/bandwidth_share.h"

#include "base/check.h"

void bandwidth_share_init(struct bandwidth_share *share, nsec now, const struct bandwidth_terms *terms,
                          uint64_t lent) {
    *share = (struct bandwidth_share){.terms = *terms, .held = lent};
    token_bucket_init(&share->own, now, terms->rate, terms->burst);
}

uint64_t bandwidth_share_available(struct bandwidth_share *share, nsec now) {
    return share->terms.is_lent ? share->held : token_bucket_available(&share->own, now);
}

void bandwidth_share_send(struct bandwidth_share *share, nsec now, uint64_t bytes) {
    if (!share->terms.is_lent) {
        token_bucket_take(&share->own, now, bytes);
        return;
    }
    CHECK(bytes <= share->held);
    share->held -= bytes;
    share->sent += bytes;
}

void bandwidth_share_lend(struct bandwidth_share *share, uint64_t bytes) {
    CHECK(share->terms.is_lent);
    share->held += bytes;
    /* Less when we asked anew while this loan was on its way. */
    share->asked -= bytes < share->asked ? bytes : share->asked;
}

nsec bandwidth_share_ready_at(struct bandwidth_share *share, nsec now, uint64_t bytes) {
    if (!share->terms.is_lent)
        return token_bucket_ready_at(&share->own, now, bytes);
    return share->asked > 0 && share->held < bytes ? NSEC_NEVER : now;
}

/* Half of what would do is enough to wait with: so that we need not ask for each piece that we are lent. */
static bool must_ask(const struct bandwidth_share *share, uint64_t wanted) {
    if (share->asked == 0 && wanted > share->held)
        return true;
    return share->held + share->asked < (wanted + share->terms.keep) / 2;
}

bool bandwidth_share_must_report(const struct bandwidth_share *share, uint64_t wanted,
                                 struct bandwidth_report *out) {
    uint64_t keep = share->terms.keep;
    *out = (struct bandwidth_report){.sent = share->sent, .want = share->asked};
    if (!share->terms.is_lent)
        return false;
    if (must_ask(share, wanted)) {
        out->want = wanted + keep - share->held;
        return true;
    }
    if (share->held > wanted + 2 * keep) {
        out->returned = share->held - wanted - keep;
        out->want = 0;
        return true;
    }
    return share->sent > keep;
}

void bandwidth_share_reported(struct bandwidth_share *share, const struct bandwidth_report *report) {
    CHECK(report->sent <= share->sent);
    CHECK(report->returned <= share->held);
    share->sent -= report->sent;
    share->held -= report->returned;
    share->asked = report->want;
}
