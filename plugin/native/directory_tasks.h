/* directory_tasks - what the directory has done on the CPU workers: packing a consensus, comparing two, writing files.
 *
 * Thread: made and finished on the main thread, run on a worker. Each keeps what it works on. */
#ifndef LOOM_NATIVE_DIRECTORY_TASKS_H
#define LOOM_NATIVE_DIRECTORY_TASKS_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "native/archive.h"
#include "native/task.h"

struct config;
struct crypt_provider;

/* A text in all encodings; or, with a base, what leads from there to it. */
struct pack_task {
    struct task task;
    enum consensus_flavour flavour;
    uint8_t signed_digest[32];  /* of the consensus that it is about */
    struct document *text;      /* of that one */
    struct document *base;      /* or NULL */
    enum http_encoding base_is; /* how base is packed */
    uint8_t base_digest[32];    /* signed digest of base */
    const struct crypt_provider *crypt;
    const struct memory *memory;
    struct packed_document packed; /* the result; without identity when it failed. */
    /* The result is there; it takes packed over by emptying it. The task is freed afterwards. */
    void (*done)(void *context, struct pack_task *task);
    void *context;
};

/* Keeps text, and base when there is one; the caller fills in the rest. NULL without memory. */
MUST_USE struct pack_task *pack_task_new(struct document *text, struct document *base,
                                         enum http_encoding base_is);

/* All documents of a table, or one document, into a file of the data directory. Keeps what it needs; NULL without memory. */
MUST_USE struct task *save_table_task_new(const struct config *config, const char *name,
                                          struct archive *archive, enum archive_table_kind kind);
MUST_USE struct task *save_task_new(const struct config *config, const char *name, struct document *document);

#endif
