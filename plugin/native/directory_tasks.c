#include "native/directory_tasks.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/list.h"
#include "crypt/provider.h"
#include "native/compression.h"
#include "native/directory_cache.h"
#include "native/small_document.h"
#include "wire/consensus_diff.h"

/* --- packing ---------------------------------------------------------------------------------------------------- */

/* What is kept: the shortest, which all of tor's clients take, and what everybody takes. Others are made of it when they are
 * asked for (directory_answer.c). */
static void pack_all(struct document *text, struct packed_document *out) {
    out->text_length = text->length;
    out->by_encoding[HTTP_LZMA] = compression_pack(HTTP_LZMA, document_span(text));
    out->by_encoding[HTTP_DEFLATE] = compression_pack(HTTP_DEFLATE, document_span(text));
    if (!out->by_encoding[HTTP_DEFLATE])
        out->by_encoding[HTTP_IDENTITY] = document_keep(text);
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
    struct archive *archive; /* of whose table kind, or document */
    enum archive_table_kind kind;
    struct document *document;
};

/* The texts of a table, one after the other. */
struct table_reader {
    const struct archive_table *table;
    uint32_t next;
    uint8_t *room;
    size_t room_length;
};

static struct span read_next(void *context) {
    struct table_reader *r = context;
    if (!r->table || r->next == r->table->count)
        return (struct span){NULL, 0};
    const struct document *document = r->table->items[r->next++].document;
    size_t length = document_text_length(document);
    if (length > r->room_length) {
        free(r->room);
        r->room = malloc(length);
        CHECK(r->room);
        r->room_length = length;
    }
    small_document_read(document, r->room);
    return (struct span){r->room, length};
}

static void run_save(struct task *task) {
    struct save_task *t = LIST_ENTRY(task, struct save_task, task);
    CHECK(pthread_mutex_lock(&saving) == 0);
    if (t->archive) {
        struct table_reader reader = {.table = t->archive->tables[t->kind]};
        directory_cache_write_pieces(t->config, t->name, read_next, &reader);
        free(reader.room);
    } else {
        directory_cache_write(t->config, t->name, document_span(t->document));
    }
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
