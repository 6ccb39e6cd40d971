#include "native/document_shelf.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "wire/text.h"

#define NOW        1700000000u
#define INTERVAL_S 3600u

static struct document_id id_of(uint8_t i) {
    return (struct document_id){{i, 1}};
}

/* A consensus that lists documents from to to; the relay of each has its number. */
static void set_list(struct document_shelf *shelf, uint8_t from, uint8_t to) {
    struct consensus_relay relays[32] = {{.flags = 0}};
    const struct consensus c = {.valid_after_s = NOW,
                                .fresh_until_s = NOW + INTERVAL_S,
                                .relays = relays,
                                .relay_count = (uint32_t)(to - from)};
    for (uint8_t i = from; i < to; i++) { /* not in order */
        struct consensus_relay *relay = &relays[to - 1 - i];
        struct document_id id = id_of(i);
        memcpy(relay->digest, id.bytes, sizeof relay->digest);
        relay->rsa_id[0] = (uint8_t)(100 - i);
    }
    document_shelf_set_list(shelf, &c);
}

static void add(struct document_shelf *shelf, uint8_t i) {
    const struct document_id id = id_of(i);
    assert_true(document_shelf_add(shelf, &id, span_of("text"), NOW));
}

/* The next table, in the place of *table. */
static void merge(struct document_shelf *shelf, struct archive_table **table, uint64_t now_s) {
    struct archive_table *next = document_shelf_merge(shelf, *table, now_s);
    assert_non_null(next);
    archive_table_drop(*table);
    *table = next;
}

static uint32_t missing(const struct document_shelf *shelf, const struct archive_table *table) {
    uint32_t count;
    free(document_shelf_missing(shelf, table, &count));
    return count;
}

static void what_is_listed_is_missing_until_it_comes(void **state) {
    struct document_shelf shelf = {.listed = NULL};
    struct archive_table *table = NULL;
    (void)state;
    assert_int_equal(missing(&shelf, NULL), 0);
    set_list(&shelf, 0, 10);
    const struct document_id in = id_of(9), out = id_of(10);
    assert_true(document_shelf_lists(&shelf, &in));
    assert_false(document_shelf_lists(&shelf, &out));
    assert_int_equal(missing(&shelf, NULL), 10);
    add(&shelf, 3);
    assert_int_equal(missing(&shelf, NULL), 9);
    merge(&shelf, &table, NOW);
    assert_int_equal(shelf.fresh_count, 0);
    assert_int_equal(missing(&shelf, table), 9);
    archive_table_drop(table);
    document_shelf_fini(&shelf);
}

static void what_came_twice_is_there_once(void **state) {
    struct document_shelf shelf = {.listed = NULL};
    struct archive_table *table = NULL;
    (void)state;
    set_list(&shelf, 0, 4);
    for (uint8_t i = 0; i < 3; i++) {
        add(&shelf, 2);
        add(&shelf, i);
    }
    merge(&shelf, &table, NOW);
    assert_int_equal(table->count, 3);
    add(&shelf, 1);
    merge(&shelf, &table, NOW);
    assert_int_equal(table->count, 3);
    archive_table_drop(table);
    document_shelf_fini(&shelf);
}

static void what_is_not_listed_any_more_stays_a_while(void **state) {
    struct document_shelf shelf = {.listed = NULL};
    struct archive_table *table = NULL;
    (void)state;
    set_list(&shelf, 0, 2);
    add(&shelf, 0);
    add(&shelf, 1);
    merge(&shelf, &table, NOW);
    set_list(&shelf, 1, 2);
    merge(&shelf, &table, NOW + DIRECTORY_UNLISTED_INTERVALS * INTERVAL_S);
    assert_int_equal(table->count, 2);
    merge(&shelf, &table, NOW + DIRECTORY_UNLISTED_INTERVALS * INTERVAL_S + 1);
    assert_int_equal(table->count, 1);
    assert_int_equal(table->items[0].id[0], 1);
    archive_table_drop(table);
    document_shelf_fini(&shelf);
}

static void listed_ones_are_found_by_whose_they_are(void **state) {
    struct document_shelf shelf = {.listed = NULL};
    struct archive_table *table = NULL;
    const uint8_t whose[20] = {98};
    (void)state;
    set_list(&shelf, 0, 3);
    for (uint8_t i = 1; i < 5; i++) /* 3 and 4 are nobody's */
        add(&shelf, i);
    merge(&shelf, &table, NOW);
    struct archive_table *index = document_shelf_index(&shelf, table);
    assert_non_null(index);
    assert_int_equal(index->count, 2);
    const struct document_id id = id_of(2);
    assert_ptr_equal(archive_table_find(index, whose, sizeof whose)->document,
                     archive_table_find(table, id.bytes, sizeof id.bytes)->document);
    archive_table_drop(index);
    archive_table_drop(table);
    document_shelf_fini(&shelf);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_listed_is_missing_until_it_comes),
        cmocka_unit_test(what_came_twice_is_there_once),
        cmocka_unit_test(what_is_not_listed_any_more_stays_a_while),
        cmocka_unit_test(listed_ones_are_found_by_whose_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
