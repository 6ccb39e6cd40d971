#include "native/directory_store.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/config.h"
#include "native/directory_cache.h"
#include "native/directory_certificates.h"
#include "native/directory_tasks.h"
#include "native/document_shelf.h"
#include "native/log.h"
#include "wire/consensus.h"

#define PUBLISH_AFTER_MS 100
#define RETRY_TASKS_S    1

/* A consensus of before, that diffs begin with. */
struct old_consensus {
    uint8_t signed_digest[32];
    uint64_t valid_after_s;
    struct document *text;
    enum http_encoding text_is;
};

struct directory_store {
    struct directory_store_options options;
    struct archive *archive; /* published, or when it is changed a copy that will be */
    bool is_changed;
    struct event *publish_timer, *task_timer;
    struct document_shelf shelves[DOCUMENT_KINDS];
    struct old_consensus old[ARCHIVE_FLAVOURS][ARCHIVE_DIFFS_MAX]; /* newest first */
    uint32_t old_count[ARCHIVE_FLAVOURS];
    struct task *waiting, **waiting_end; /* tasks that the queue did not take yet */
};

static const enum archive_table_kind table_of[DOCUMENT_KINDS] = {
    [DOCUMENT_MICRODESCRIPTOR] = ARCHIVE_MICRODESCRIPTORS,
    [DOCUMENT_SERVER] = ARCHIVE_SERVERS,
};

/* --- changes ---------------------------------------------------------------------------------------------------- */

/* The archive that may be changed. It is published soon. */
static struct archive *edit(struct directory_store *s) {
    static const struct timeval soon = {0, PUBLISH_AFTER_MS * 1000};
    if (s->is_changed)
        return s->archive;
    struct archive *copy = archive_copy(s->archive);
    CHECK(copy);
    archive_drop(s->archive);
    s->archive = copy;
    s->is_changed = true;
    event_add(s->publish_timer, &soon);
    return copy;
}

static void pump_tasks(struct directory_store *s) {
    static const struct timeval later = {RETRY_TASKS_S, 0};
    while (s->waiting) {
        struct task *task = s->waiting, *next = task->next;
        if (!s->options.tasks.submit(s->options.tasks.context, task)) {
            event_add(s->task_timer, &later);
            return;
        }
        s->waiting = next;
        if (!next)
            s->waiting_end = &s->waiting;
    }
}

/* Hands over task; NULL, when there was no memory for it, is nothing. */
static void submit(struct directory_store *s, struct task *task) {
    if (!task)
        return;
    task->next = NULL;
    *s->waiting_end = task;
    s->waiting_end = &task->next;
    pump_tasks(s);
}

static void on_task_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    pump_tasks(context);
}

/* --- tables ----------------------------------------------------------------------------------------------------- */

static void merge(struct directory_store *s, enum document_kind kind, uint64_t now_s) {
    const struct archive_table *old = s->archive->tables[table_of[kind]];
    struct archive_table *table = document_shelf_merge(&s->shelves[kind], old, now_s);
    CHECK(table);
    archive_set_table(s->archive, table_of[kind], table);
}

static void index_servers(struct directory_store *s) {
    const struct archive_table *servers = s->archive->tables[ARCHIVE_SERVERS];
    struct archive_table *table = document_shelf_index(&s->shelves[DOCUMENT_SERVER], servers);
    CHECK(table);
    archive_set_table(s->archive, ARCHIVE_SERVERS_BY_IDENTITY, table);
}

/* From here on the archive is not changed any more. */
static void publish(struct directory_store *s) {
    uint64_t now_s = (uint64_t)time(NULL);
    if (!s->is_changed)
        return;
    event_del(s->publish_timer);
    bool has_servers = s->shelves[DOCUMENT_SERVER].has_changed;
    for (unsigned kind = 0; kind < DOCUMENT_KINDS; kind++)
        if (s->shelves[kind].has_changed)
            merge(s, (enum document_kind)kind, now_s);
    if (has_servers)
        index_servers(s);
    s->is_changed = false;
    s->options.publish(s->options.context, archive_keep(s->archive));
}

static void on_publish_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    publish(context);
}

/* --- consensuses ------------------------------------------------------------------------------------------------ */

/* Packed, it takes a quarter, and this is quickly unpacked. */
static enum http_encoding smallest(const struct packed_document *text) {
    return text->by_encoding[HTTP_DEFLATE] ? HTTP_DEFLATE : HTTP_IDENTITY;
}

/* What was the consensus is one that diffs begin with. */
static void make_old(struct directory_store *s, enum consensus_flavour flavour) {
    const struct archive_consensus *c = &s->archive->consensuses[flavour];
    struct old_consensus *old = s->old[flavour];
    uint32_t *count = &s->old_count[flavour];
    enum http_encoding encoding = smallest(&c->text);
    if (!c->text.by_encoding[encoding])
        return;
    if (*count == ARCHIVE_DIFFS_MAX)
        document_drop(old[--*count].text);
    memmove(&old[1], &old[0], *count * sizeof *old);
    memcpy(old[0].signed_digest, c->signed_digest, sizeof old[0].signed_digest);
    old[0].valid_after_s = c->valid_after_s;
    old[0].text = document_keep(c->text.by_encoding[encoding]);
    old[0].text_is = encoding;
    ++*count;
}

static void forget_oldest(struct directory_store *s, enum consensus_flavour flavour, uint64_t now_s) {
    uint32_t *count = &s->old_count[flavour];
    uint64_t age_s = s->options.config->consensus_age_for_diffs_s;
    if (age_s == 0 || age_s > DIRECTORY_OLD_S)
        age_s = DIRECTORY_OLD_S;
    while (*count > 0 && s->old[flavour][*count - 1].valid_after_s + age_s < now_s)
        document_drop(s->old[flavour][--*count].text);
}

static void take_packed(void *context, struct pack_task *t) {
    struct directory_store *s = context;
    const struct archive_consensus *now = &s->archive->consensuses[t->flavour];
    if (memcmp(now->signed_digest, t->signed_digest, 32) != 0 || !packed_document_is_there(&t->packed))
        return; /* there is a newer one */
    struct archive_consensus *c = &edit(s)->consensuses[t->flavour];
    if (!t->base) {
        packed_document_drop(&c->text);
        c->text = t->packed;
    } else if (c->diff_count < ARCHIVE_DIFFS_MAX) {
        struct archive_diff *diff = &c->diffs[c->diff_count++];
        memcpy(diff->base, t->base_digest, sizeof diff->base);
        diff->text = t->packed;
    } else {
        return;
    }
    t->packed = (struct packed_document){{NULL}, 0};
}

static void submit_packing(struct directory_store *s, enum consensus_flavour flavour, struct document *text,
                           const uint8_t signed_digest[static 32], const struct old_consensus *base) {
    struct pack_task *t = pack_task_new(text, base ? base->text : NULL, base ? base->text_is : HTTP_IDENTITY);
    if (!t)
        return;
    t->flavour = flavour;
    memcpy(t->signed_digest, signed_digest, sizeof t->signed_digest);
    if (base)
        memcpy(t->base_digest, base->signed_digest, sizeof t->base_digest);
    t->crypt = s->options.crypt;
    t->memory = s->options.memory;
    t->done = take_packed;
    t->context = s;
    submit(s, &t->task);
}

/* Unknown algorithms too: the client asks who has signed, and judges itself. */
static void copy_signers(const struct consensus *c, struct archive_consensus *out) {
    for (uint32_t i = 0; i < c->signature_count && out->signer_count < CONSENSUS_SIGNATURES_MAX; i++)
        memcpy(out->signers[out->signer_count++], c->signatures[i].identity, 20);
}

void directory_store_take_consensus(struct directory_store *store, const struct consensus *consensus,
                                    struct span text, uint64_t now_s, bool is_saved) {
    enum consensus_flavour flavour = consensus->flavour;
    struct archive_consensus c = {.valid_after_s = consensus->valid_after_s,
                                  .fresh_until_s = consensus->fresh_until_s,
                                  .valid_until_s = consensus->valid_until_s};
    const char *name = flavour == CONSENSUS_NS ? DIRECTORY_CACHE_CONSENSUS_NS : DIRECTORY_CACHE_CONSENSUS;
    struct document *document = document_new(text);
    if (!document)
        return;
    if (!is_saved)
        submit(store, save_task_new(store->options.config, name, document));
    if (!store->options.is_cache) {
        document_drop(document);
        return;
    }
    store->options.crypt->sha3_256(&consensus->signed_part, 1, c.signed_digest);
    document_shelf_set_list(
        &store->shelves[flavour == CONSENSUS_NS ? DOCUMENT_SERVER : DOCUMENT_MICRODESCRIPTOR], consensus);
    if (memcmp(store->archive->consensuses[flavour].signed_digest, c.signed_digest, 32) == 0) {
        document_drop(document); /* what we have, perhaps with other signatures */
        return;
    }
    make_old(store, flavour);
    forget_oldest(store, flavour, now_s);
    copy_signers(consensus, &c);
    c.text.by_encoding[HTTP_IDENTITY] = document;
    archive_set_consensus(edit(store), flavour, &c);
    (void)document_keep(document);
    submit_packing(store, flavour, document, c.signed_digest, NULL);
    for (uint32_t i = 0; i < store->old_count[flavour]; i++)
        submit_packing(store, flavour, document, c.signed_digest, &store->old[flavour][i]);
    document_drop(document);
}

/* --- certificates ----------------------------------------------------------------------------------------------- */

void directory_store_take_certificates(struct directory_store *store, struct span text, bool is_saved) {
    struct archive_table *table = directory_certificates_merge(store->options.config, store->options.crypt,
                                                               store->archive->tables[ARCHIVE_CERTIFICATES],
                                                               text, (uint64_t)time(NULL));
    CHECK(table);
    archive_set_table(edit(store), ARCHIVE_CERTIFICATES, table);
    if (is_saved)
        return;
    publish(store); /* from here on the archive is not changed any more, so that a worker can write it */
    submit(store, save_table_task_new(store->options.config, DIRECTORY_CACHE_CERTIFICATES, store->archive,
                                      ARCHIVE_CERTIFICATES));
}

/* --- documents -------------------------------------------------------------------------------------------------- */

void directory_store_take_document(struct directory_store *store, enum document_kind kind,
                                   const struct document_id *id, struct span text) {
    if (document_shelf_add(&store->shelves[kind], id, text, (uint64_t)time(NULL)))
        (void)edit(store);
}

void directory_store_load(struct directory_store *store, enum document_kind kind, struct span text) {
    struct span one, signed_part;
    while (document_cut(kind, &text, &one, &signed_part)) {
        struct document_id id;
        document_digest(store->options.crypt, kind, signed_part, &id);
        if (document_shelf_lists(&store->shelves[kind], &id))
            directory_store_take_document(store, kind, &id, one);
    }
    publish(store); /* so that what is here is found quickly */
}

void directory_store_save(struct directory_store *store, enum document_kind kind) {
    static const char *const names[DOCUMENT_KINDS] = {
        [DOCUMENT_MICRODESCRIPTOR] = DIRECTORY_CACHE_MICRODESCS,
        [DOCUMENT_SERVER] = DIRECTORY_CACHE_DESCRIPTORS,
    };
    publish(store);
    submit(store, save_table_task_new(store->options.config, names[kind], store->archive, table_of[kind]));
}

void directory_store_set_own_descriptor(struct directory_store *store, struct span text) {
    struct document *document = document_new(text);
    if (document)
        archive_set_own_descriptor(edit(store), document);
}

struct document_id *directory_store_missing(const struct directory_store *store, enum document_kind kind,
                                            uint32_t *count_out) {
    return document_shelf_missing(&store->shelves[kind], store->archive->tables[table_of[kind]], count_out);
}

uint32_t directory_store_listed(const struct directory_store *store, enum document_kind kind) {
    return store->shelves[kind].listed_count;
}

/* --- life ------------------------------------------------------------------------------------------------------- */

struct directory_store *directory_store_new(const struct directory_store_options *options) {
    struct directory_store *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->options = *options;
    s->waiting_end = &s->waiting;
    s->archive = archive_copy(NULL);
    s->publish_timer = evtimer_new(options->base, on_publish_timer, s);
    s->task_timer = evtimer_new(options->base, on_task_timer, s);
    if (s->archive && s->publish_timer && s->task_timer)
        return s;
    directory_store_free(s);
    return NULL;
}

void directory_store_free(struct directory_store *store) {
    if (!store)
        return;
    while (store->waiting) {
        struct task *task = store->waiting;
        store->waiting = task->next;
        task->finish(task, false);
    }
    for (unsigned i = 0; i < DOCUMENT_KINDS; i++)
        document_shelf_fini(&store->shelves[i]);
    for (unsigned flavour = 0; flavour < ARCHIVE_FLAVOURS; flavour++)
        for (uint32_t i = 0; i < store->old_count[flavour]; i++)
            document_drop(store->old[flavour][i].text);
    if (store->publish_timer)
        event_free(store->publish_timer);
    if (store->task_timer)
        event_free(store->task_timer);
    archive_drop(store->archive);
    free(store);
}
