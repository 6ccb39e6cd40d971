/* archive - all that the directory server has to give, at one moment: an immutable, counted snapshot. The cache makes a new
 * one when something has come; sessions keep the one that they began with until they have sent what they promised.
 *
 * Building: archive_copy, change the copy through the setters, publish it; after that nobody changes it.
 * Thread: any, once published. Memory: documents are shared with the snapshots before and after. */
#ifndef LOOM_NATIVE_ARCHIVE_H
#define LOOM_NATIVE_ARCHIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "native/document.h"
#include "wire/consensus.h"
#include "wire/directory_query.h"

#define ARCHIVE_DIFFS_MAX 24u /* bases: the consensuses of a day */
#define ARCHIVE_FLAVOURS  2u  /* by enum consensus_flavour */

/* A document by its digest, or by who it is of. */
struct archive_item {
    uint8_t id[DIRECTORY_ID_MAX]; /* zeros behind the length that the table's ids have */
    struct document *document;
    uint64_t published_s; /* of certificates; of other documents, when a consensus last listed it */
};

/* Immutable and counted too, as most snapshots share most tables. */
struct archive_table {
    atomic_uint references;
    uint32_t count;
    struct archive_item items[]; /* by id, ascending */
};

struct archive_diff {
    uint8_t base[32]; /* SHA3-256 of the signed part of the consensus that it begins with */
    struct packed_document text;
};

struct archive_consensus {
    struct packed_document text; /* without identity: there is no consensus */
    uint64_t valid_after_s, fresh_until_s, valid_until_s;
    uint8_t signed_digest[32]; /* SHA3-256 of its signed part */
    uint8_t signers[CONSENSUS_SIGNATURES_MAX][20];
    uint32_t signer_count;
    struct archive_diff diffs[ARCHIVE_DIFFS_MAX]; /* that lead to it */
    uint32_t diff_count;
};

enum archive_table_kind {
    ARCHIVE_CERTIFICATES,        /* by identity and signing key: 40 bytes */
    ARCHIVE_MICRODESCRIPTORS,    /* by SHA256 */
    ARCHIVE_SERVERS,             /* by SHA1 */
    ARCHIVE_SERVERS_BY_IDENTITY, /* the same, by identity */
    ARCHIVE_TABLES
};

struct archive {
    atomic_uint references;
    struct archive_consensus consensuses[ARCHIVE_FLAVOURS];
    struct archive_table *tables[ARCHIVE_TABLES]; /* NULL: empty */
    struct document *own_descriptor;              /* or NULL */
};

/* What old has (NULL: nothing), to be changed; one reference, the caller's. NULL without memory. */
MUST_USE struct archive *archive_copy(const struct archive *old);
struct archive *archive_keep(struct archive *archive);
/* NULL is fine. */
void archive_drop(struct archive *archive);

/* Hand over what is set; what was there before is dropped. */
void archive_set_table(struct archive *archive, enum archive_table_kind kind, struct archive_table *table);
void archive_set_consensus(struct archive *archive, enum consensus_flavour flavour,
                           const struct archive_consensus *consensus);
void archive_set_own_descriptor(struct archive *archive, struct document *document);

/* A table with room for count items, to be filled and then sorted; items hand over a reference. NULL without memory. */
MUST_USE struct archive_table *archive_table_new(uint32_t count);
void archive_table_sort(struct archive_table *table);
/* Of a sorted one: keep the first of several with the same id. */
void archive_table_drop_repeated(struct archive_table *table);
/* NULL is fine. */
void archive_table_drop(struct archive_table *table);
/* The item whose id begins with these bytes: of several, the first. NULL when there is none, also of table NULL. */
const struct archive_item *archive_table_find(const struct archive_table *table, const uint8_t *id,
                                              size_t length);

#endif
