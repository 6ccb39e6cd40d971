#include "native/directory_tasks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "crypt/provider.h"
#include "native/compression.h"
#include "native/directory_cache.h"
#include "wire/consensus_diff.h"

/* --- packing ---------------------------------------------------------------------------------------------------- */

static void pack_all(struct document *text, struct packed_document *out) {
    out->by_encoding[HTTP_IDENTITY] = document_keep(text);
    for (unsigned i = 0; i < HTTP_IDENTITY; i++)
        out->by_encoding[i] = compression_pack((enum http_encoding)i, document_span(text));
}

/* NULL when there is none that is shorter than the text itself. */
static struct document *make_diff(const struct pack_task *t) {
    struct consensus_diff_digests digests;
    struct document *base = compression_unpack(t->base_is, document_span(t->base), CONSENSUS_BYTES_MAX);
    struct document *room = document_reserve(t->text->length), *diff = NULL;
    struct span target = document_span(t->text);
    if (base && room) {
        struct bytes_out out = bytes_out(room->bytes, room->length);
        memcpy(digests.base, t->base_digest, sizeof digests.base);
        t->crypt->sha3_256(&target, 1, digests.target);
        if (consensus_diff_make(document_span(base), target, &digests, t->memory, &out) == ERR_OK)
            diff = document_new((struct span){room->bytes, bytes_written(&out)});
    }
    document_drop(base);
    document_drop(room);
    return diff;
}

static void run_pack(struct task *task) {
    struct pack_task *t = LIST_ENTRY(task, struct pack_task, task);
    struct document *text = t->base ? make_diff(t) : document_keep(t->text);
    if (text)
        pack_all(text, &t->packed);
    document_drop(text);
}

static void finish_pack(struct task *task, bool is_done) {
    struct pack_task *t = LIST_ENTRY(task, struct pack_task, task);
    if (is_done)
        t->done(t->context, t);
    document_drop(t->text);
    document_drop(t->base);
    packed_document_drop(&t->packed);
    free(t);
}

struct pack_task *pack_task_new(struct document *text, struct document *base, enum http_encoding base_is) {
    struct pack_task *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->task = (struct task){NULL, run_pack, finish_pack};
    t->text = document_keep(text);
    t->base = base ? document_keep(base) : NULL;
    t->base_is = base_is;
    return t;
}

/* --- saving ----------------------------------------------------------------------------------------------------- */

/* One file at a time, as two tasks may want the same one. */
static pthread_mutex_t saving = PTHREAD_MUTEX_INITIALIZER;

struct save_task {
    struct task task;
    const struct config *config;
    const char *name;
    struct archive *archive; /* or document */
    enum archive_table_kind kind;
    struct document *document;
};

static struct document *join(const struct archive_table *table) {
    size_t length = 0;
    for (uint32_t i = 0; table && i < table->count; i++)
        length += table->items[i].document->length;
    struct document *all = document_reserve(length);
    if (!all)
        return NULL;
    struct bytes_out out = bytes_out(all->bytes, length);
    for (uint32_t i = 0; table && i < table->count; i++)
        bytes_put(&out, table->items[i].document->bytes, table->items[i].document->length);
    return all;
}

static void run_save(struct task *task) {
    struct save_task *t = LIST_ENTRY(task, struct save_task, task);
    if (t->archive)
        t->document = join(t->archive->tables[t->kind]);
    if (!t->document)
        return;
    CHECK(pthread_mutex_lock(&saving) == 0);
    directory_cache_write(t->config, t->name, document_span(t->document));
    CHECK(pthread_mutex_unlock(&saving) == 0);
}

static void finish_save(struct task *task, bool is_done) {
    struct save_task *t = LIST_ENTRY(task, struct save_task, task);
    (void)is_done;
    archive_drop(t->archive);
    document_drop(t->document);
    free(t);
}

static struct save_task *save_new(const struct config *config, const char *name) {
    struct save_task *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->task = (struct task){NULL, run_save, finish_save};
    t->config = config;
    t->name = name;
    return t;
}

struct task *save_table_task_new(const struct config *config, const char *name, struct archive *archive,
                                 enum archive_table_kind kind) {
    struct save_task *t = save_new(config, name);
    if (!t)
        return NULL;
    t->archive = archive_keep(archive);
    t->kind = kind;
    return &t->task;
}

struct task *save_task_new(const struct config *config, const char *name, struct document *document) {
    struct save_task *t = save_new(config, name);
    if (!t)
        return NULL;
    t->document = document_keep(document);
    return &t->task;
}
