#include "native/directory.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypt/provider.h"
#include "native/authority_keys.h"
#include "native/config.h"
#include "native/directory_cache.h"
#include "native/http_client.h"
#include "native/log.h"
#include "wire/consensus.h"
#include "wire/descriptor.h"

#define CONSENSUS_PATH      "/tor/status-vote/current/consensus-microdesc"
#define CERTIFICATES_PATH   "/tor/keys/all"
#define UPLOAD_PATH         "/tor/"
#define CERTIFICATES_BYTES  (1u << 20)  /* nine authorities with tens of certificates each */
#define ANSWER_BYTES        (64u << 10) /* of an upload: only its status line matters */
#define TIMEOUT_S           60u
#define TIMEOUT_TESTING_S   10u
#define PAUSE_MAX_S         900u /* between attempts */
#define PAUSE_TESTING_MAX_S 5u
#define REJECTED_PAUSE_S    3600u /* the same descriptor will hardly be liked better soon */

struct upload {
    struct directory *directory;
    const struct config_authority *authority;
    struct event *timer;
    uint32_t failures;
    uint32_t generation; /* of the descriptor that is on its way */
    bool is_under_way;
    bool is_accepted;
};

struct directory {
    struct directory_options options;
    struct http_client http;

    struct authority_keys keys;
    struct event *fetch_timer;
    uint32_t fetch_authority; /* whose turn it is */
    uint32_t fetch_failures;  /* in a row */
    uint64_t fetch_failures_ever;
    bool needs_keys;
    bool has_consensus;
    uint64_t valid_after_s, fresh_until_s, valid_until_s;
    uint32_t relays;
    uint8_t rsa_id[20];
    bool is_listed, is_stale;

    struct upload uploads[CONFIG_AUTHORITIES_MAX];
    struct event *republish_timer;
    char descriptor[DESCRIPTOR_LEN_MAX];
    size_t descriptor_length;
    uint32_t descriptor_generation;
    bool is_bootstrapped;
};

static uint64_t wall_clock(void) {
    return (uint64_t)time(NULL);
}

static bool is_testing(const struct directory *d) {
    return d->options.config->testing_network;
}

static void set_timer(struct event *timer, uint64_t seconds) {
    const struct timeval after = {(time_t)seconds, 0};
    event_add(timer, &after);
}

/* 1 s, 2 s, 4 s, ... */
static uint64_t pause_after(const struct directory *d, uint32_t failures) {
    uint64_t most = is_testing(d) ? PAUSE_TESTING_MAX_S : PAUSE_MAX_S;
    uint64_t pause = UINT64_C(1) << (failures > 10 ? 10 : failures > 0 ? failures - 1 : 0);
    return pause < most ? pause : most;
}

static void check_bootstrapped(struct directory *d) {
    bool is_accepted = !d->options.config->publish_descriptor;
    for (uint32_t i = 0; i < d->options.config->authority_count; i++)
        is_accepted = is_accepted || d->uploads[i].is_accepted;
    if (d->is_bootstrapped || !is_accepted || !d->has_consensus)
        return;
    d->is_bootstrapped = true;
    d->options.callbacks.bootstrapped(d->options.callbacks.context);
}

/* dir-spec 5.1: not all relays at once, so at a random moment of the first half of the interval after fresh-until. */
static uint64_t seconds_to_next_fetch(const struct directory *d, uint64_t now_s) {
    uint32_t draw;
    uint64_t half = (d->fresh_until_s - d->valid_after_s) / 2;
    d->options.crypt->random(d->options.crypt->context, &draw, sizeof(draw));
    uint64_t at_s = d->fresh_until_s + (half ? draw % half : 0);
    return at_s > now_s ? at_s - now_s : 1;
}

enum consensus_verdict { CONSENSUS_GOOD, CONSENSUS_BAD, CONSENSUS_NEEDS_KEYS };

/* Parse, judge and hand on. */
static enum consensus_verdict take_consensus(struct directory *d, struct span text, uint64_t now_s) {
    struct consensus c;
    enum consensus_verdict result = CONSENSUS_BAD;
    enum err e = consensus_parse(text, d->options.memory, &c);
    if (e != ERR_OK) {
        log_info("A consensus of %zu bytes cannot be read: %s", text.length, err_text(e));
        return CONSENSUS_BAD;
    }
    struct authority_verdict verdict =
        authority_keys_judge(&d->keys, d->options.crypt, d->options.config, &c, now_s);
    if (c.flavour != CONSENSUS_MICRODESC || c.valid_until_s + 86400 < now_s ||
        (d->has_consensus && c.valid_after_s < d->valid_after_s)) {
        log_info("A consensus of the wrong flavour, or older than what we have, is left aside");
    } else if (!authority_verdict_is_good(&verdict)) {
        log_info(
            "A consensus has good signatures of %u of %u authorities, %u are by keys that we do not know",
            verdict.good, verdict.voters, verdict.unknown_keys);
        result = verdict.unknown_keys > 0 ? CONSENSUS_NEEDS_KEYS : CONSENSUS_BAD;
    } else {
        d->has_consensus = true;
        d->valid_after_s = c.valid_after_s;
        d->fresh_until_s = c.fresh_until_s;
        d->valid_until_s = c.valid_until_s;
        d->relays = c.relay_count;
        const struct consensus_relay *self = consensus_find(&c, d->rsa_id);
        d->is_listed = self != NULL;
        d->is_stale = self != NULL && (self->flags & RELAY_STALE_DESC) != 0;
        d->options.callbacks.consensus(d->options.callbacks.context, &c);
        result = CONSENSUS_GOOD;
    }
    consensus_fini(&c);
    return result;
}

static void fetch_failed(struct directory *d, const char *what, const char *why) {
    const struct config_authority *a = &d->options.config->authorities[d->fetch_authority];
    d->fetch_failures++;
    d->fetch_failures_ever++;
    log_info("Fetching %s from %s failed: %s", what, a->nickname, why);
    if (d->fetch_failures % 10 == 0)
        log_warn("Fetching directory documents has failed %u times in a row; last: %s from %s: %s",
                 d->fetch_failures, what, a->nickname, why);
    d->fetch_authority = (d->fetch_authority + 1) % d->options.config->authority_count;
    set_timer(d->fetch_timer, pause_after(d, d->fetch_failures));
}

static void on_certificates(void *context, int status, const char *reason, struct span body) {
    struct directory *d = context;
    if (status != 200) {
        fetch_failed(d, "certificates", reason);
        return;
    }
    uint32_t added = authority_keys_add(&d->keys, d->options.crypt, d->options.config, body, wall_clock());
    log_info("%u new certificates, %u keys of authorities known", added, d->keys.count);
    if (d->keys.count == 0) {
        fetch_failed(d, "certificates", "none of an authority of ours");
        return;
    }
    if (added > 0)
        directory_cache_write(d->options.config, DIRECTORY_CACHE_CERTIFICATES, body);
    d->needs_keys = false;
    set_timer(d->fetch_timer, 0);
}

static void on_consensus(void *context, int status, const char *reason, struct span body) {
    struct directory *d = context;
    uint64_t now_s = wall_clock();
    if (status != 200) {
        fetch_failed(d, "the consensus", reason);
        return;
    }
    switch (take_consensus(d, body, now_s)) {
    case CONSENSUS_BAD: fetch_failed(d, "the consensus", "it is not good"); return;
    case CONSENSUS_NEEDS_KEYS:
        d->needs_keys = true;
        fetch_failed(d, "the consensus", "not enough known signatures");
        return;
    case CONSENSUS_GOOD: break;
    }
    d->fetch_failures = 0;
    directory_cache_write(d->options.config, DIRECTORY_CACHE_CONSENSUS, body);
    log_info("New consensus with %u relays", d->relays);
    set_timer(d->fetch_timer, seconds_to_next_fetch(d, now_s));
    check_bootstrapped(d);
}

static void on_fetch_timer(evutil_socket_t fd, short what, void *context) {
    struct directory *d = context;
    (void)fd;
    (void)what;
    const struct http_order order = {
        .to = d->options.config->authorities[d->fetch_authority].dir_port,
        .path = d->needs_keys ? CERTIFICATES_PATH : CONSENSUS_PATH,
        .bytes_max = d->needs_keys ? CERTIFICATES_BYTES : CONSENSUS_BYTES_MAX,
        .timeout_s = is_testing(d) ? TIMEOUT_TESTING_S : TIMEOUT_S,
        .done = d->needs_keys ? on_certificates : on_consensus,
        .context = d,
    };
    if (!http_send(&d->http, &order))
        fetch_failed(d, "directory documents", "no memory");
}

static void upload_failed(struct upload *u, int status, const char *reason) {
    struct directory *d = u->directory;
    bool is_rejected = status >= 400 && status < 500;
    u->failures++;
    if (is_rejected)
        log_warn("Authority %s does not take our descriptor: %d %s", u->authority->nickname, status, reason);
    else
        log_info("Uploading our descriptor to %s failed: %d %s", u->authority->nickname, status, reason);
    set_timer(u->timer, is_rejected ? REJECTED_PAUSE_S : pause_after(d, u->failures));
}

static void on_uploaded(void *context, int status, const char *reason, struct span body) {
    struct upload *u = context;
    struct directory *d = u->directory;
    (void)body;
    u->is_under_way = false;
    if (u->generation != d->descriptor_generation) {
        set_timer(u->timer, 0);
        return;
    }
    if (status != 200) {
        upload_failed(u, status, reason);
        return;
    }
    u->failures = 0;
    u->is_accepted = true;
    log_info("Uploaded our descriptor to %s", u->authority->nickname);
    check_bootstrapped(d);
}

static void on_upload_timer(evutil_socket_t fd, short what, void *context) {
    struct upload *u = context;
    struct directory *d = u->directory;
    (void)fd;
    (void)what;
    if (u->is_under_way || d->descriptor_length == 0)
        return;
    const struct http_order order = {
        .to = u->authority->dir_port,
        .path = UPLOAD_PATH,
        .post = {(const uint8_t *)d->descriptor, d->descriptor_length},
        .bytes_max = ANSWER_BYTES,
        .timeout_s = is_testing(d) ? TIMEOUT_TESTING_S : TIMEOUT_S,
        .done = on_uploaded,
        .context = u,
    };
    u->generation = d->descriptor_generation;
    u->is_under_way = http_send(&d->http, &order);
    if (!u->is_under_way)
        upload_failed(u, 0, "no memory");
}

static void on_republish_timer(evutil_socket_t fd, short what, void *context) {
    struct directory *d = context;
    (void)fd;
    (void)what;
    d->options.callbacks.renew_descriptor(d->options.callbacks.context);
}

void directory_publish(struct directory *d, const char *text, size_t length) {
    if (!d->options.config->publish_descriptor || length == 0 || length > sizeof(d->descriptor))
        return;
    memcpy(d->descriptor, text, length);
    d->descriptor_length = length;
    d->descriptor_generation++;
    for (uint32_t i = 0; i < d->options.config->authority_count; i++) {
        d->uploads[i].is_accepted = false;
        d->uploads[i].failures = 0;
        set_timer(d->uploads[i].timer, 0);
    }
    set_timer(d->republish_timer, DIRECTORY_REPUBLISH_S);
}

/* What the last run has left; what it was worth is judged anew. */
static void load_cache(struct directory *d) {
    uint64_t now_s = wall_clock();
    struct directory_cache_text text;
    if (directory_cache_read(d->options.config, DIRECTORY_CACHE_CERTIFICATES, CERTIFICATES_BYTES, &text)) {
        authority_keys_add(&d->keys, d->options.crypt, d->options.config, text.span, now_s);
        directory_cache_text_free(&text);
    }
    if (directory_cache_read(d->options.config, DIRECTORY_CACHE_CONSENSUS, CONSENSUS_BYTES_MAX, &text)) {
        if (take_consensus(d, text.span, now_s) == CONSENSUS_GOOD)
            log_notice("Loaded the consensus of the last run, with %u relays", d->relays);
        directory_cache_text_free(&text);
    }
}

void directory_start(struct directory *d) {
    uint32_t draw;
    load_cache(d);
    d->options.crypt->random(d->options.crypt->context, &draw, sizeof(draw));
    d->fetch_authority = draw % d->options.config->authority_count;
    d->needs_keys = d->keys.count == 0;
    uint64_t now_s = wall_clock();
    bool is_fresh = d->has_consensus && d->fresh_until_s > now_s;
    set_timer(d->fetch_timer, is_fresh ? seconds_to_next_fetch(d, now_s) : 0);
}

static bool make_timers(struct directory *d) {
    struct event_base *base = d->options.base;
    d->fetch_timer = evtimer_new(base, on_fetch_timer, d);
    d->republish_timer = evtimer_new(base, on_republish_timer, d);
    bool good = d->fetch_timer && d->republish_timer;
    for (uint32_t i = 0; i < d->options.config->authority_count; i++) {
        struct upload *u = &d->uploads[i];
        u->directory = d;
        u->authority = &d->options.config->authorities[i];
        u->timer = evtimer_new(base, on_upload_timer, u);
        good = good && u->timer;
    }
    return good;
}

struct directory *directory_new(const struct directory_options *options) {
    struct directory *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->options = *options;
    http_client_init(&d->http, options->base);
    if (make_timers(d))
        return d;
    directory_free(d);
    return NULL;
}

static void free_timer(struct event *timer) {
    if (timer)
        event_free(timer);
}

void directory_free(struct directory *d) {
    if (!d)
        return;
    http_client_fini(&d->http);
    free_timer(d->fetch_timer);
    free_timer(d->republish_timer);
    for (uint32_t i = 0; i < d->options.config->authority_count; i++)
        free_timer(d->uploads[i].timer);
    free(d);
}

void directory_clock_jumped(struct directory *d) {
    uint64_t now_s = wall_clock();
    if (!evtimer_pending(d->fetch_timer, NULL))
        return; /* an answer is on its way, and will be judged by the new time */
    bool is_fresh = d->has_consensus && d->valid_after_s <= now_s && now_s < d->fresh_until_s;
    set_timer(d->fetch_timer, is_fresh ? seconds_to_next_fetch(d, now_s) : 0);
}

void directory_set_identity(struct directory *d, const uint8_t rsa_id[static 20]) {
    memcpy(d->rsa_id, rsa_id, sizeof(d->rsa_id));
}

void directory_status(const struct directory *d, struct directory_status *out) {
    *out = (struct directory_status){
        .authorities = d->options.config->authority_count,
        .has_consensus = d->has_consensus,
        .valid_after_s = d->valid_after_s,
        .fresh_until_s = d->fresh_until_s,
        .valid_until_s = d->valid_until_s,
        .relays = d->relays,
        .fetch_failures = d->fetch_failures_ever,
        .is_listed = d->is_listed,
        .is_stale = d->is_stale,
    };
    for (uint32_t i = 0; i < out->authorities; i++)
        out->accepted += d->uploads[i].is_accepted;
}
