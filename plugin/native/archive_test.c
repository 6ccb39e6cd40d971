#include "native/archive.h"

#include <string.h>

#include "support/test.h"
#include "wire/text.h"

static struct archive_table *table_of(const char *const *texts, uint32_t count) {
    struct archive_table *table = archive_table_new(count);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(table->items[i].id, texts[i], strlen(texts[i]));
        table->items[i].document = document_new(span_of(texts[i]));
    }
    archive_table_sort(table);
    return table;
}

static void items_are_found_by_the_beginning_of_their_id(UNUSED void **state) {
    static const char *const texts[] = {"delta", "alpha", "charlie", "alpine"};
    struct archive_table *table = table_of(texts, COUNT(texts));
    assert_true(
        span_is(document_span(archive_table_find(table, (const uint8_t *)"alpha", 5)->document), "alpha"));
    assert_true(
        span_is(document_span(archive_table_find(table, (const uint8_t *)"alpi", 4)->document), "alpine"));
    assert_true(
        span_is(document_span(archive_table_find(table, (const uint8_t *)"al", 2)->document), "alpha"));
    assert_true(
        span_is(document_span(archive_table_find(table, (const uint8_t *)"d", 1)->document), "delta"));
    assert_null(archive_table_find(table, (const uint8_t *)"bravo", 5));
    assert_null(archive_table_find(table, (const uint8_t *)"echo", 4));
    assert_null(archive_table_find(NULL, (const uint8_t *)"a", 1));
    archive_table_drop(table);
    archive_table_drop(NULL);
}

/* The leak checker sees what is not given back. */
static void a_snapshot_stays_what_it_was(UNUSED void **state) {
    static const char *const old_texts[] = {"old"}, *const new_texts[] = {"new"};
    struct archive_consensus consensus = {.valid_after_s = 7, .diff_count = 1};
    consensus.text.by_encoding[HTTP_IDENTITY] = document_new(span_of("consensus"));
    consensus.diffs[0].text.by_encoding[HTTP_IDENTITY] = document_new(span_of("diff"));
    struct archive *first = archive_copy(NULL);
    archive_set_consensus(first, CONSENSUS_MICRODESC, &consensus);
    archive_set_table(first, ARCHIVE_SERVERS, table_of(old_texts, 1));
    archive_set_own_descriptor(first, document_new(span_of("ours")));
    struct archive *second = archive_copy(first);
    archive_set_table(second, ARCHIVE_SERVERS, table_of(new_texts, 1));
    archive_set_consensus(second, CONSENSUS_MICRODESC, &(struct archive_consensus){.valid_after_s = 8});
    assert_non_null(archive_table_find(first->tables[ARCHIVE_SERVERS], (const uint8_t *)"old", 3));
    assert_non_null(archive_table_find(second->tables[ARCHIVE_SERVERS], (const uint8_t *)"new", 3));
    assert_ptr_equal(archive_keep(first), first);
    archive_drop(first);
    archive_drop(first);
    assert_true(span_is(document_span(second->own_descriptor), "ours"));
    assert_null(second->consensuses[CONSENSUS_MICRODESC].text.by_encoding[HTTP_IDENTITY]);
    archive_drop(second);
    archive_drop(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_found_by_the_beginning_of_their_id),
        cmocka_unit_test(a_snapshot_stays_what_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
