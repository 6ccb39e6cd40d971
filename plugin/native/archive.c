#include "native/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* --- tables ----------------------------------------------------------------------------------------------------- */

struct archive_table *archive_table_new(uint32_t count) {
    struct archive_table *table = calloc(1, sizeof *table + (size_t)count * sizeof table->items[0]);
    if (!table)
        return NULL;
    atomic_init(&table->references, 1);
    table->count = count;
    return table;
}

static int by_id(const void *a, const void *b) {
    return memcmp(((const struct archive_item *)a)->id, ((const struct archive_item *)b)->id,
                  DIRECTORY_ID_MAX);
}

void archive_table_sort(struct archive_table *table) {
    qsort(table->items, table->count, sizeof table->items[0], by_id);
}

static struct archive_table *table_keep(struct archive_table *table) {
    if (table)
        atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
    return table;
}

void archive_table_drop_repeated(struct archive_table *table) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        if (n > 0 && memcmp(table->items[i].id, table->items[n - 1].id, sizeof table->items[i].id) == 0)
            document_drop(table->items[i].document);
        else
            table->items[n++] = table->items[i];
    }
    table->count = n;
}

void archive_table_drop(struct archive_table *table) {
    if (!table || atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < table->count; i++)
        document_drop(table->items[i].document);
    free(table);
}

const struct archive_item *archive_table_find(const struct archive_table *table, const uint8_t *id,
                                              size_t length) {
    CHECK(length <= DIRECTORY_ID_MAX);
    uint32_t low = 0, high = table ? table->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(table->items[middle].id, id, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_there = table && low < table->count && memcmp(table->items[low].id, id, length) == 0;
    return is_there ? &table->items[low] : NULL;
}

/* --- consensuses ------------------------------------------------------------------------------------------------ */

static void consensus_keep(const struct archive_consensus *c) {
    packed_document_keep(&c->text);
    for (uint32_t i = 0; i < c->diff_count; i++)
        packed_document_keep(&c->diffs[i].text);
}

static void consensus_drop(struct archive_consensus *c) {
    packed_document_drop(&c->text);
    for (uint32_t i = 0; i < c->diff_count; i++)
        packed_document_drop(&c->diffs[i].text);
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

struct archive *archive_copy(const struct archive *old) {
    struct archive *archive = calloc(1, sizeof *archive);
    if (!archive)
        return NULL;
    atomic_init(&archive->references, 1);
    if (!old)
        return archive;
    for (unsigned i = 0; i < ARCHIVE_FLAVOURS; i++) {
        archive->consensuses[i] = old->consensuses[i];
        consensus_keep(&old->consensuses[i]);
    }
    for (unsigned i = 0; i < ARCHIVE_TABLES; i++)
        archive->tables[i] = table_keep(old->tables[i]);
    if (old->own_descriptor)
        archive->own_descriptor = document_keep(old->own_descriptor);
    return archive;
}

struct archive *archive_keep(struct archive *archive) {
    atomic_fetch_add_explicit(&archive->references, 1, memory_order_relaxed);
    return archive;
}

void archive_drop(struct archive *archive) {
    if (!archive || atomic_fetch_sub_explicit(&archive->references, 1, memory_order_acq_rel) != 1)
        return;
    for (unsigned i = 0; i < ARCHIVE_FLAVOURS; i++)
        consensus_drop(&archive->consensuses[i]);
    for (unsigned i = 0; i < ARCHIVE_TABLES; i++)
        archive_table_drop(archive->tables[i]);
    document_drop(archive->own_descriptor);
    free(archive);
}

void archive_set_table(struct archive *archive, enum archive_table_kind kind, struct archive_table *table) {
    archive_table_drop(archive->tables[kind]);
    archive->tables[kind] = table;
}

void archive_set_consensus(struct archive *archive, enum consensus_flavour flavour,
                           const struct archive_consensus *consensus) {
    consensus_drop(&archive->consensuses[flavour]);
    archive->consensuses[flavour] = *consensus;
}

void archive_set_own_descriptor(struct archive *archive, struct document *document) {
    document_drop(archive->own_descriptor);
    archive->own_descriptor = document;
}
