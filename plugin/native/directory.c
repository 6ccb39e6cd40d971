#include "native/directory.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "native/archive.h"
#include "native/authority_keys.h"
#include "native/config.h"
#include "native/consensus_fetch.h"
#include "native/descriptor_upload.h"
#include "native/directory_cache.h"
#include "native/directory_store.h"
#include "native/document_fetch.h"
#include "native/http_client.h"
#include "native/log.h"
#include "native/self_descriptor.h"
#include "wire/consensus.h"

#define SERVERS_BYTES_MAX (256u << 20) /* a file of descriptors: ten times those of the network of 2024 */

struct directory {
    struct directory_options options;
    struct http_client http;
    struct authority_keys keys;
    struct consensus_fetch_shared consensus_shared;
    struct document_fetch_shared document_shared;
    struct consensus_fetch consensuses[ARCHIVE_FLAVOURS]; /* by enum consensus_flavour */
    struct document_fetch documents[DOCUMENT_KINDS];
    struct directory_store *store;
    struct descriptor_upload upload;
    struct event *republish_timer;
    uint32_t relays;
    uint8_t rsa_id[20];
    bool is_listed, is_stale;
    bool is_loading; /* what comes is what the disk has */
    bool is_bootstrapped;
};

static bool is_cache(const struct directory *d) {
    return d->options.config->dir_cache;
}

static void check_bootstrapped(struct directory *d) {
    bool is_accepted = !d->options.config->publish_descriptor || descriptor_upload_accepted(&d->upload) > 0;
    if (d->is_bootstrapped || !is_accepted || !d->consensuses[CONSENSUS_MICRODESC].has_consensus)
        return;
    d->is_bootstrapped = true;
    d->options.callbacks.bootstrapped(d->options.callbacks.context);
}

/* --- what comes ------------------------------------------------------------------------------------------------- */

static enum document_kind kind_of(enum consensus_flavour flavour) {
    return flavour == CONSENSUS_NS ? DOCUMENT_SERVER : DOCUMENT_MICRODESCRIPTOR;
}

static void fetch_missing(struct directory *d, enum document_kind kind) {
    uint32_t count;
    struct document_id *ids = directory_store_missing(d->store, kind, &count);
    document_fetch_want(&d->documents[kind], ids, count);
    free(ids);
}

static void on_consensus(void *context, const struct consensus *c, struct span text) {
    struct directory *d = context;
    directory_store_take_consensus(d->store, c, text, (uint64_t)time(NULL), d->is_loading);
    if (c->flavour == CONSENSUS_MICRODESC) {
        d->relays = c->relay_count;
        const struct consensus_relay *self = consensus_find(c, d->rsa_id);
        d->is_listed = self != NULL;
        d->is_stale = self != NULL && (self->flags & RELAY_STALE_DESC) != 0;
        d->options.callbacks.consensus(d->options.callbacks.context, c);
    }
    if (d->is_loading)
        return;
    log_info("New %s with %u relays", c->flavour == CONSENSUS_NS ? "consensus" : "microdesc consensus",
             c->relay_count);
    if (is_cache(d))
        fetch_missing(d, kind_of(c->flavour));
    check_bootstrapped(d);
}

static void on_certificates(void *context, struct span text) {
    struct directory *d = context;
    directory_store_take_certificates(d->store, text, d->is_loading);
}

static void on_document(void *context, enum document_kind kind, const struct document_id *id,
                        struct span text) {
    struct directory *d = context;
    directory_store_take_document(d->store, kind, id, text);
}

static void on_documents_rest(void *context, enum document_kind kind) {
    struct directory *d = context;
    directory_store_save(d->store, kind);
}

static void on_archive(void *context, struct archive *archive) {
    struct directory *d = context;
    if (is_cache(d))
        d->options.callbacks.archive(d->options.callbacks.context, archive);
    else
        archive_drop(archive);
}

static void on_accepted(void *context) {
    check_bootstrapped(context);
}

static void on_republish_timer(evutil_socket_t fd, short what, void *context) {
    struct directory *d = context;
    (void)fd;
    (void)what;
    d->options.callbacks.renew_descriptor(d->options.callbacks.context);
}

void directory_publish(struct directory *d, const char *text, size_t descriptor_length, size_t length) {
    const struct timeval after = {DIRECTORY_REPUBLISH_S, 0};
    if (length == 0 || length > SELF_DESCRIPTOR_LEN_MAX)
        return;
    directory_store_set_own_descriptor(d->store, (struct span){(const uint8_t *)text, descriptor_length});
    if (!d->options.config->publish_descriptor)
        return;
    descriptor_upload_begin(&d->upload, text, length);
    event_add(d->republish_timer, &after);
}

/* --- the last run ----------------------------------------------------------------------------------------------- */

static void load_consensus(struct directory *d, const char *name, enum consensus_flavour flavour) {
    struct directory_cache_text text;
    if (!directory_cache_read(d->options.config, name, CONSENSUS_BYTES_MAX, &text))
        return;
    if (consensus_fetch_offer(&d->consensuses[flavour], text.span) && flavour == CONSENSUS_MICRODESC)
        log_notice("Loaded the consensus of the last run, with %u relays", d->relays);
    directory_cache_text_free(&text);
}

static void load_documents(struct directory *d, const char *name, enum document_kind kind) {
    struct directory_cache_text text;
    if (!directory_cache_read(d->options.config, name, SERVERS_BYTES_MAX, &text))
        return;
    directory_store_load(d->store, kind, text.span);
    directory_cache_text_free(&text);
}

/* What it was worth is judged anew. */
static void load_cache(struct directory *d) {
    const struct config *config = d->options.config;
    struct directory_cache_text text;
    d->is_loading = true;
    if (directory_cache_read(config, DIRECTORY_CACHE_CERTIFICATES, CERTIFICATES_BYTES_MAX, &text)) {
        if (authority_keys_add(&d->keys, d->options.crypt, config, text.span, (uint64_t)time(NULL)) > 0)
            on_certificates(d, text.span);
        directory_cache_text_free(&text);
    }
    load_consensus(d, DIRECTORY_CACHE_CONSENSUS, CONSENSUS_MICRODESC);
    if (is_cache(d)) {
        load_consensus(d, DIRECTORY_CACHE_CONSENSUS_NS, CONSENSUS_NS);
        load_documents(d, DIRECTORY_CACHE_MICRODESCS, DOCUMENT_MICRODESCRIPTOR);
        load_documents(d, DIRECTORY_CACHE_DESCRIPTORS, DOCUMENT_SERVER);
    }
    d->is_loading = false;
}

void directory_start(struct directory *d) {
    load_cache(d);
    consensus_fetch_start(&d->consensuses[CONSENSUS_MICRODESC]);
    if (is_cache(d)) {
        consensus_fetch_start(&d->consensuses[CONSENSUS_NS]);
        for (unsigned kind = 0; kind < DOCUMENT_KINDS; kind++)
            fetch_missing(d, (enum document_kind)kind);
    }
    check_bootstrapped(d);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void share(struct directory *d) {
    d->consensus_shared = (struct consensus_fetch_shared){
        .config = d->options.config,
        .crypt = d->options.crypt,
        .memory = d->options.memory,
        .base = d->options.base,
        .http = &d->http,
        .keys = &d->keys,
        .context = d,
        .consensus = on_consensus,
        .certificates = on_certificates,
    };
    d->document_shared = (struct document_fetch_shared){
        .config = d->options.config,
        .crypt = d->options.crypt,
        .base = d->options.base,
        .http = &d->http,
        .context = d,
        .take = on_document,
        .rest = on_documents_rest,
    };
}

static bool make_parts(struct directory *d) {
    const struct directory_store_options store = {
        .config = d->options.config,
        .crypt = d->options.crypt,
        .memory = d->options.memory,
        .base = d->options.base,
        .tasks = d->options.tasks,
        .is_cache = is_cache(d),
        .context = d,
        .publish = on_archive,
    };
    d->store = directory_store_new(&store);
    d->republish_timer = evtimer_new(d->options.base, on_republish_timer, d);
    bool is_good = descriptor_upload_init(&d->upload, d->options.config, d->options.base, &d->http);
    for (unsigned i = 0; i < ARCHIVE_FLAVOURS; i++)
        is_good &= consensus_fetch_init(&d->consensuses[i], &d->consensus_shared, (enum consensus_flavour)i);
    for (unsigned i = 0; i < DOCUMENT_KINDS; i++)
        is_good &= document_fetch_init(&d->documents[i], &d->document_shared, (enum document_kind)i);
    d->upload.accepted = on_accepted;
    d->upload.context = d;
    return is_good && d->store && d->republish_timer;
}

struct directory *directory_new(const struct directory_options *options) {
    struct directory *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    d->options = *options;
    http_client_init(&d->http, options->base);
    share(d);
    if (make_parts(d))
        return d;
    directory_free(d);
    return NULL;
}

void directory_free(struct directory *d) {
    if (!d)
        return;
    http_client_fini(&d->http);
    descriptor_upload_fini(&d->upload);
    for (unsigned i = 0; i < ARCHIVE_FLAVOURS; i++)
        consensus_fetch_fini(&d->consensuses[i]);
    for (unsigned i = 0; i < DOCUMENT_KINDS; i++)
        document_fetch_fini(&d->documents[i]);
    directory_store_free(d->store);
    if (d->republish_timer)
        event_free(d->republish_timer);
    free(d);
}

void directory_rest(struct directory *d, bool rests) {
    http_client_rest(&d->http, rests);
}

void directory_bytes(const struct directory *d, uint64_t *read, uint64_t *written) {
    byte_count_add(&d->http.bytes, read, written);
}

void directory_clock_jumped(struct directory *d) {
    consensus_fetch_clock_jumped(&d->consensuses[CONSENSUS_MICRODESC]);
    if (is_cache(d))
        consensus_fetch_clock_jumped(&d->consensuses[CONSENSUS_NS]);
}

void directory_set_identity(struct directory *d, const uint8_t rsa_id[static 20]) {
    memcpy(d->rsa_id, rsa_id, sizeof(d->rsa_id));
}

static uint32_t count_missing(const struct directory *d, enum document_kind kind) {
    uint32_t count;
    free(directory_store_missing(d->store, kind, &count));
    return count;
}

void directory_status(const struct directory *d, struct directory_status *out) {
    const struct consensus_fetch *f = &d->consensuses[CONSENSUS_MICRODESC];
    *out = (struct directory_status){
        .authorities = d->options.config->authority_count,
        .accepted = descriptor_upload_accepted(&d->upload),
        .has_consensus = f->has_consensus,
        .valid_after_s = f->valid_after_s,
        .fresh_until_s = f->fresh_until_s,
        .valid_until_s = f->valid_until_s,
        .relays = d->relays,
        .is_listed = d->is_listed,
        .is_stale = d->is_stale,
        .microdescriptors_missing = count_missing(d, DOCUMENT_MICRODESCRIPTOR),
        .servers_missing = count_missing(d, DOCUMENT_SERVER),
    };
    for (unsigned i = 0; i < ARCHIVE_FLAVOURS; i++) {
        out->fetch_failures += d->consensuses[i].failures_ever;
        out->diffs_applied += d->consensuses[i].diffs;
    }
}
