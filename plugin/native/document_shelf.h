/* document_shelf - the documents of one kind that a directory cache keeps: those that the consensus lists, and those that have come
 * and are not in a table of the archive yet. Tables are made from it; it keeps none.
 *
 * Owner and thread: the directory's store. Bound: what consensuses list, and DIRECTORY_UNLISTED_INTERVALS of what they do not any more. */
#ifndef LOOM_NATIVE_DOCUMENT_SHELF_H
#define LOOM_NATIVE_DOCUMENT_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/archive.h"
#include "native/document_fetch.h"

#define DIRECTORY_UNLISTED_INTERVALS \
    6u /* between consensuses, hours as a rule: a client's is at most so old */

struct document_listed;

/* Zeros are an empty one. */
struct document_shelf {
    struct document_listed *listed; /* by id */
    uint32_t listed_count;
    uint64_t interval_s;        /* between consensuses */
    bool has_changed;           /* since the last table was made */
    struct archive_item *fresh; /* documents that are in no table yet */
    uint32_t fresh_count, fresh_room;
};

void document_shelf_fini(struct document_shelf *shelf);
/* From now on this consensus says what is listed. Without memory: the one before. */
void document_shelf_set_list(struct document_shelf *shelf, const struct consensus *consensus);
MUST_USE bool document_shelf_lists(const struct document_shelf *shelf, const struct document_id *id);
/* A document has come. False without memory. */
MUST_USE bool document_shelf_add(struct document_shelf *shelf, const struct document_id *id, struct span text,
                                 uint64_t now_s);
/* The table that follows old (NULL: none): what came is in it, and no longer here; what was not listed for long is left out. */
MUST_USE struct archive_table *document_shelf_merge(struct document_shelf *shelf,
                                                    const struct archive_table *old, uint64_t now_s);
/* Listed documents of table by whose they are. */
MUST_USE struct archive_table *document_shelf_index(const struct document_shelf *shelf,
                                                    const struct archive_table *table);
/* Listed ones that neither table nor the shelf has; freed by the caller. NULL when there are none, and without memory. */
MUST_USE struct document_id *document_shelf_missing(const struct document_shelf *shelf,
                                                    const struct archive_table *table, uint32_t *count_out);

#endif
