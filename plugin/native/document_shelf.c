#include "native/document_shelf.h"

#include <stdlib.h>
#include <string.h>

#include "native/small_document.h"

/* What a consensus says of one relay. */
struct document_listed {
    struct document_id id; /* first: by it they are sorted */
    uint8_t identity[20];
};

void document_shelf_fini(struct document_shelf *shelf) {
    for (uint32_t i = 0; i < shelf->fresh_count; i++)
        document_drop(shelf->fresh[i].document);
    free(shelf->fresh);
    free(shelf->listed);
    *shelf = (struct document_shelf){.listed = NULL};
}

/* --- what is listed --------------------------------------------------------------------------------------------- */

static int by_digest(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct document_id));
}

void document_shelf_set_list(struct document_shelf *shelf, const struct consensus *c) {
    struct document_listed *listed = calloc(c->relay_count ? c->relay_count : 1, sizeof *listed);
    if (!listed)
        return;
    for (uint32_t i = 0; i < c->relay_count; i++) {
        memcpy(listed[i].id.bytes, c->relays[i].digest, sizeof listed[i].id.bytes);
        memcpy(listed[i].identity, c->relays[i].rsa_id, sizeof listed[i].identity);
    }
    qsort(listed, c->relay_count, sizeof *listed, by_digest);
    free(shelf->listed);
    shelf->listed = listed;
    shelf->listed_count = c->relay_count;
    shelf->interval_s = c->fresh_until_s - c->valid_after_s;
    shelf->has_changed = true;
}

static bool is_listed(const struct document_shelf *shelf, const uint8_t *id) {
    return shelf->listed_count &&
           bsearch(id, shelf->listed, shelf->listed_count, sizeof *shelf->listed, by_digest) != NULL;
}

bool document_shelf_lists(const struct document_shelf *shelf, const struct document_id *id) {
    return is_listed(shelf, id->bytes);
}

/* --- tables ----------------------------------------------------------------------------------------------------- */

bool document_shelf_add(struct document_shelf *shelf, const struct document_id *id, struct span text,
                        uint64_t now_s) {
    if (shelf->fresh_count == shelf->fresh_room) {
        uint32_t room = shelf->fresh_room ? shelf->fresh_room * 2 : 128;
        struct archive_item *fresh = realloc(shelf->fresh, room * sizeof *fresh);
        if (!fresh)
            return false;
        shelf->fresh = fresh;
        shelf->fresh_room = room;
    }
    struct archive_item *item = &shelf->fresh[shelf->fresh_count];
    *item = (struct archive_item){.document = small_document_new(text), .published_s = now_s};
    if (!item->document)
        return false;
    memcpy(item->id, id->bytes, sizeof id->bytes);
    shelf->fresh_count++;
    shelf->has_changed = true;
    return true;
}

/* Documents that were not listed for long are left out; listed ones are noted as such. */
static uint32_t copy_kept(const struct document_shelf *shelf, const struct archive_table *old, uint64_t now_s,
                          struct archive_item *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; old && i < old->count; i++) {
        struct archive_item item = old->items[i];
        if (is_listed(shelf, item.id))
            item.published_s = now_s;
        if (item.published_s + DIRECTORY_UNLISTED_INTERVALS * shelf->interval_s < now_s)
            continue;
        (void)document_keep(item.document);
        out[n++] = item;
    }
    return n;
}

struct archive_table *document_shelf_merge(struct document_shelf *shelf, const struct archive_table *old,
                                           uint64_t now_s) {
    struct archive_table *table = archive_table_new((old ? old->count : 0) + shelf->fresh_count);
    if (!table)
        return NULL;
    table->count = copy_kept(shelf, old, now_s, table->items);
    for (uint32_t i = 0; i < shelf->fresh_count; i++)
        table->items[table->count++] = shelf->fresh[i];
    free(shelf->fresh);
    shelf->fresh = NULL;
    shelf->fresh_count = shelf->fresh_room = 0;
    shelf->has_changed = false;
    archive_table_sort(table);
    archive_table_drop_repeated(table); /* a file may have one twice */
    return table;
}

struct archive_table *document_shelf_index(const struct document_shelf *shelf,
                                           const struct archive_table *documents) {
    struct archive_table *table = archive_table_new(shelf->listed_count);
    if (!table)
        return NULL;
    table->count = 0;
    for (uint32_t i = 0; i < shelf->listed_count; i++) {
        const struct archive_item *item =
            archive_table_find(documents, shelf->listed[i].id.bytes, sizeof(struct document_id));
        if (!item)
            continue;
        struct archive_item *entry = &table->items[table->count++];
        memcpy(entry->id, shelf->listed[i].identity, 20);
        entry->document = document_keep(item->document);
    }
    archive_table_sort(table);
    return table;
}

static bool is_there(const struct document_shelf *shelf, const struct archive_table *table,
                     const struct document_id *id) {
    if (archive_table_find(table, id->bytes, sizeof id->bytes))
        return true;
    for (uint32_t i = 0; i < shelf->fresh_count; i++)
        if (memcmp(shelf->fresh[i].id, id->bytes, sizeof id->bytes) == 0)
            return true;
    return false;
}

struct document_id *document_shelf_missing(const struct document_shelf *shelf,
                                           const struct archive_table *table, uint32_t *count_out) {
    struct document_id *ids = calloc(shelf->listed_count ? shelf->listed_count : 1, sizeof *ids);
    *count_out = 0;
    for (uint32_t i = 0; ids && i < shelf->listed_count; i++) {
        bool is_repeated = i > 0 && memcmp(&shelf->listed[i].id, &shelf->listed[i - 1].id, sizeof *ids) == 0;
        if (!is_repeated && !is_there(shelf, table, &shelf->listed[i].id))
            ids[(*count_out)++] = shelf->listed[i].id;
    }
    if (*count_out > 0)
        return ids;
    free(ids);
    return NULL;
}
