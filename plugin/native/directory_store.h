/* directory_store - the directory cache: what was fetched and believed, as archives for the servers to answer from.
 *
 * A change goes into a copy of the last archive, which is published a moment later together with others that came
 * meanwhile. The consensus is published as it came; packed, and with diffs from those before it, as soon as the workers have
 * done that. Documents that no consensus lists any more stay for a while, as clients' consensuses are older than ours.
 * Owner and thread: main. Bound: what the consensus lists, ARCHIVE_DIFFS_MAX older consensuses (packed), and
 * DIRECTORY_UNLISTED_S of documents. */
#ifndef LOOM_NATIVE_DIRECTORY_STORE_H
#define LOOM_NATIVE_DIRECTORY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "native/archive.h"
#include "native/document_fetch.h"
#include "native/task.h"

struct config;
struct consensus;
struct crypt_provider;
struct directory_store;
struct event_base;

#define DIRECTORY_OLD_S 86400u /* diffs begin at most so far back; tor's clients ask for no older ones */

struct directory_store_options {
    const struct config *config; /* borrowed, as are the others */
    const struct crypt_provider *crypt;
    const struct memory *memory; /* of any thread */
    struct event_base *base;
    struct task_queue tasks;
    bool is_cache; /* false: consensuses and certificates are written to disk, and that is all */
    void *context;
    /* There is something new to serve. Hands over a reference. */
    void (*publish)(void *context, struct archive *archive);
};

MUST_USE struct directory_store *directory_store_new(const struct directory_store_options *options);
/* NULL is fine. Tasks that are still under way must be finished with is_done false. */
void directory_store_free(struct directory_store *store);

/* A good consensus and its text. is_saved: it comes from the disk. */
void directory_store_take_consensus(struct directory_store *store, const struct consensus *consensus,
                                    struct span text, uint64_t now_s, bool is_saved);
/* Good certificates, all that there are. */
void directory_store_take_certificates(struct directory_store *store, struct span text, bool is_saved);
/* A document whose digest was checked. */
void directory_store_take_document(struct directory_store *store, enum document_kind kind,
                                   const struct document_id *id, struct span text);
/* All documents in text that the consensus lists, as the last run has left them. */
void directory_store_load(struct directory_store *store, enum document_kind kind, struct span text);
/* Write this kind to disk, some time. */
void directory_store_save(struct directory_store *store, enum document_kind kind);
void directory_store_set_own_descriptor(struct directory_store *store, struct span text);

/* What the consensus lists and we do not have: an array, to be freed, of count_out. NULL when there is nothing. */
MUST_USE struct document_id *directory_store_missing(const struct directory_store *store,
                                                     enum document_kind kind, uint32_t *count_out);
/* How many documents of this kind the consensus lists. */
uint32_t directory_store_listed(const struct directory_store *store, enum document_kind kind);

#endif
