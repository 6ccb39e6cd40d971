#include "native/consensus_fetch.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypt/provider.h"
#include "native/authority_keys.h"
#include "native/compression.h"
#include "native/config.h"
#include "native/directory_retry.h"
#include "native/document.h"
#include "native/http_client.h"
#include "native/log.h"
#include "wire/consensus_diff.h"
#include "wire/text.h"

#define CERTIFICATES_PATH "/tor/keys/all"
#define KEPT_BEYOND_S     86400u /* a consensus that is older is not even of use for a while */

static const char *const paths[] = {
    [CONSENSUS_NS] = "/tor/status-vote/current/consensus",
    [CONSENSUS_MICRODESC] = "/tor/status-vote/current/consensus-microdesc",
};
static const char *const names[] = {
    [CONSENSUS_NS] = "consensus",
    [CONSENSUS_MICRODESC] = "microdesc consensus",
};

static uint64_t wall_clock(void) {
    return (uint64_t)time(NULL);
}

static bool is_testing(const struct consensus_fetch *f) {
    return f->shared->config->testing_network;
}

static void set_timer(struct consensus_fetch *f, uint64_t seconds) {
    const struct timeval after = {(time_t)seconds, 0};
    event_add(f->timer, &after);
}

static uint64_t draw(const struct consensus_fetch *f, uint64_t bound) {
    uint32_t number;
    f->shared->crypt->random(f->shared->crypt->context, &number, sizeof(number));
    return bound ? number % bound : 0;
}

/* Not all relays at once, so at a random moment of the first half of the interval after fresh-until. */
static uint64_t seconds_to_next(const struct consensus_fetch *f, uint64_t now_s) {
    uint64_t at_s = f->fresh_until_s + draw(f, (f->fresh_until_s - f->valid_after_s) / 2);
    return at_s > now_s ? at_s - now_s : 1;
}

/* --- judging ---------------------------------------------------------------------------------------------------- */

enum consensus_verdict { CONSENSUS_GOOD, CONSENSUS_BAD, CONSENSUS_NEEDS_KEYS };

static void take(struct consensus_fetch *f, const struct consensus *c, struct span text) {
    document_drop(f->packed);
    f->packed = compression_pack(HTTP_ZSTD, text); /* without memory there are no diffs */
    f->shared->crypt->sha3_256(&c->signed_part, 1, f->signed_digest);
    f->has_consensus = true;
    f->valid_after_s = c->valid_after_s;
    f->fresh_until_s = c->fresh_until_s;
    f->valid_until_s = c->valid_until_s;
    f->shared->consensus(f->shared->context, c, text);
}

static enum consensus_verdict judge(struct consensus_fetch *f, const struct consensus *c, struct span text,
                                    uint64_t now_s) {
    const struct consensus_fetch_shared *s = f->shared;
    if (c->flavour != f->flavour || c->valid_until_s + KEPT_BEYOND_S < now_s ||
        (f->has_consensus && c->valid_after_s < f->valid_after_s)) {
        log_info("A consensus of the wrong flavour, or older than what we have, is left aside");
        return CONSENSUS_BAD;
    }
    struct authority_verdict verdict = authority_keys_judge(s->keys, s->crypt, s->config, c, now_s);
    if (authority_verdict_is_good(&verdict)) {
        take(f, c, text);
        return CONSENSUS_GOOD;
    }
    log_info("A %s has good signatures of %u of %u authorities, %u are by keys that we do not know",
             names[f->flavour], verdict.good, verdict.voters, verdict.unknown_keys);
    return verdict.unknown_keys > 0 ? CONSENSUS_NEEDS_KEYS : CONSENSUS_BAD;
}

static enum consensus_verdict parse(struct consensus_fetch *f, struct span text) {
    struct consensus c;
    enum err e = consensus_parse(text, f->shared->memory, &c);
    if (e != ERR_OK) {
        log_info("A %s of %zu bytes cannot be read: %s", names[f->flavour], text.length, err_text(e));
        return CONSENSUS_BAD;
    }
    enum consensus_verdict verdict = judge(f, &c, text, wall_clock());
    consensus_fini(&c);
    return verdict;
}

bool consensus_fetch_offer(struct consensus_fetch *fetch, struct span text) {
    return parse(fetch, text) == CONSENSUS_GOOD;
}

/* --- diffs ------------------------------------------------------------------------------------------------------ */

static bool is_of(const struct consensus_fetch *f, struct span text, const uint8_t digest[static 32]) {
    uint8_t got[32];
    f->shared->crypt->sha3_256(&text, 1, got);
    return memcmp(got, digest, sizeof(got)) == 0;
}

/* What the diff makes of the consensus in hand; NULL when it is not for that, or is damaged. */
static struct document *apply_diff(const struct consensus_fetch *f, struct span diff,
                                   const struct consensus_diff_digests *digests) {
    if (!f->packed || memcmp(digests->base, f->signed_digest, 32) != 0)
        return NULL;
    struct document *base = compression_unpack(HTTP_ZSTD, document_span(f->packed), CONSENSUS_BYTES_MAX);
    struct document *text = base ? document_reserve(base->length + diff.length) : NULL;
    if (!text) {
        document_drop(base);
        return NULL;
    }
    struct bytes_out out = bytes_out(text->bytes, text->length);
    bool is_good = consensus_diff_apply(document_span(base), diff, f->shared->memory, &out) == ERR_OK;
    document_drop(base);
    text->length = is_good ? bytes_written(&out) : 0;
    if (is_good && is_of(f, document_span(text), digests->target))
        return text;
    document_drop(text);
    return NULL;
}

/* An answer is a consensus, or what makes one of ours. */
static enum consensus_verdict take_answer(struct consensus_fetch *f, struct span body) {
    struct consensus_diff_digests digests;
    if (!consensus_diff_read_digests(body, &digests))
        return parse(f, body);
    struct document *text = apply_diff(f, body, &digests);
    if (!text) {
        document_drop(f->packed); /* the whole next time */
        f->packed = NULL;
        log_info("A diff between consensuses cannot be applied");
        return CONSENSUS_BAD;
    }
    enum consensus_verdict verdict = parse(f, document_span(text));
    f->diffs += verdict == CONSENSUS_GOOD;
    document_drop(text);
    return verdict;
}

/* --- fetching --------------------------------------------------------------------------------------------------- */

static void fetch_failed(struct consensus_fetch *f, const char *what, const char *why) {
    const struct config *config = f->shared->config;
    const struct config_authority *a = &config->authorities[f->authority];
    f->failures++;
    f->failures_ever++;
    log_info("Fetching %s from %s failed: %s", what, a->nickname, why);
    if (f->failures % 10 == 0)
        log_warn("Fetching directory documents has failed %u times in a row; last: %s from %s: %s",
                 f->failures, what, a->nickname, why);
    f->authority = (f->authority + 1) % config->authority_count;
    set_timer(f, directory_retry_pause_s(is_testing(f), f->failures));
}

static void on_certificates(void *context, int status, const char *reason, struct span body) {
    struct consensus_fetch *f = context;
    const struct consensus_fetch_shared *s = f->shared;
    if (status != 200) {
        fetch_failed(f, "certificates", reason);
        return;
    }
    uint32_t added = authority_keys_add(s->keys, s->crypt, s->config, body, wall_clock());
    log_info("%u new certificates, %u keys of authorities known", added, s->keys->count);
    if (s->keys->count == 0) {
        fetch_failed(f, "certificates", "none of an authority of ours");
        return;
    }
    if (added > 0)
        s->certificates(s->context, body);
    f->needs_keys = false;
    set_timer(f, 0);
}

static void on_consensus(void *context, int status, const char *reason, struct span body) {
    struct consensus_fetch *f = context;
    if (status != 200) {
        fetch_failed(f, names[f->flavour], reason);
        return;
    }
    switch (take_answer(f, body)) {
    case CONSENSUS_BAD: fetch_failed(f, names[f->flavour], "it is not good"); return;
    case CONSENSUS_NEEDS_KEYS:
        f->needs_keys = true;
        fetch_failed(f, names[f->flavour], "not enough known signatures");
        return;
    case CONSENSUS_GOOD: break;
    }
    f->failures = 0;
    set_timer(f, seconds_to_next(f, wall_clock()));
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct consensus_fetch *f = context;
    const struct consensus_fetch_shared *s = f->shared;
    char base[65];
    (void)fd;
    (void)what;
    text_hex_encode(f->signed_digest, sizeof(f->signed_digest), base);
    const struct http_order order = {
        .to = s->config->authorities[f->authority].dir_port,
        .path = f->needs_keys ? CERTIFICATES_PATH : paths[f->flavour],
        .diff_from = f->packed && !f->needs_keys ? base : NULL,
        .bytes_max = f->needs_keys ? CERTIFICATES_BYTES_MAX : CONSENSUS_BYTES_MAX,
        .timeout_s = directory_retry_timeout_s(is_testing(f)),
        .done = f->needs_keys ? on_certificates : on_consensus,
        .context = f,
    };
    if (!http_send(s->http, &order))
        fetch_failed(f, names[f->flavour], "no memory");
}

/* --- life ------------------------------------------------------------------------------------------------------- */

bool consensus_fetch_init(struct consensus_fetch *fetch, const struct consensus_fetch_shared *shared,
                          enum consensus_flavour flavour) {
    *fetch = (struct consensus_fetch){.shared = shared, .flavour = flavour};
    fetch->timer = evtimer_new(shared->base, on_timer, fetch);
    return fetch->timer != NULL;
}

void consensus_fetch_fini(struct consensus_fetch *fetch) {
    if (fetch->timer)
        event_free(fetch->timer);
    document_drop(fetch->packed);
    fetch->timer = NULL;
    fetch->packed = NULL;
}

/* At once, or later when what is in hand is fresh. */
static void plan_next(struct consensus_fetch *f) {
    uint64_t now_s = wall_clock();
    bool is_fresh = f->has_consensus && f->valid_after_s <= now_s && now_s < f->fresh_until_s;
    set_timer(f, is_fresh ? seconds_to_next(f, now_s) : 0);
}

void consensus_fetch_start(struct consensus_fetch *fetch) {
    fetch->authority = (uint32_t)draw(fetch, fetch->shared->config->authority_count);
    fetch->needs_keys = fetch->shared->keys->count == 0;
    plan_next(fetch);
}

void consensus_fetch_clock_jumped(struct consensus_fetch *fetch) {
    if (event_pending(fetch->timer, EV_TIMEOUT,
                      NULL)) /* otherwise an answer is on its way, and is judged by the new time */
        plan_next(fetch);
}
