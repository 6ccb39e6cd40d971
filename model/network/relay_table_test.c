#include "network/relay_table.h"

#include <stdlib.h>

#include "support/test.h"
#include "wire/text.h"

#define HEAD    "# made up\n"
#define COLUMNS "weight capacity rate burst country flags\n"

static char *written(const struct relay_table *table) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    relay_table_write(table, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void what_is_written_is_read(void **state) {
    (void)state;
    struct relay_table table, again;
    struct mistake m = {""};
    assert_true(relay_table_init(&table, 3));
    table.rows[0] = (struct relay_row){5, 1000, 2000, 3000, {"US"}, 0};
    table.rows[1] = (struct relay_row){7, 1, 2, 3, {"DE"}, RELAY_TABLE_FLAGS};
    table.rows[2] = (struct relay_row){7, 1, 2, 3, {"AT"}, RELAY_EXIT | RELAY_GUARD};
    relay_table_sort(&table);
    char *text = written(&table);
    assert_string_equal(text, COLUMNS "7 1 2 3 AT EG\n7 1 2 3 DE ABDEFGHMS\n5 1000 2000 3000 US -\n");

    if (!relay_table_parse("t", span_of(text), &again, &m))
        fail_msg("%s", m.text);
    assert_int_equal(again.count, 3);
    char *text_again = written(&again);
    assert_string_equal(text_again, text);
    assert_int_equal(again.rows[0].flags, RELAY_EXIT | RELAY_GUARD);
    free(text);
    free(text_again);
    relay_table_fini(&table);
    relay_table_fini(&again);
}

/* Any order of the same relays sorts to the same bytes: what came first in a consensus cannot be told. */
static void order_is_by_content(void **state) {
    (void)state;
    static const struct relay_row rows[] = {
        {9, 1, 1, 1, {"US"}, 0}, {9, 1, 1, 1, {"DE"}, 0}, {9, 2, 1, 1, {"US"}, 0},
        {9, 1, 2, 1, {"US"}, 0}, {9, 1, 1, 2, {"US"}, 0}, {9, 1, 1, 1, {"US"}, RELAY_EXIT},
        {8, 9, 9, 9, {"US"}, 0},
    };
    char *first = NULL;
    for (size_t shift = 0; shift < COUNT(rows); shift++) {
        struct relay_table table;
        assert_true(relay_table_init(&table, COUNT(rows)));
        for (size_t i = 0; i < COUNT(rows); i++)
            table.rows[i] = rows[(i + shift) % COUNT(rows)];
        relay_table_sort(&table);
        char *text = written(&table);
        if (first)
            assert_string_equal(text, first);
        free(first);
        first = text;
        relay_table_fini(&table);
    }
    free(first);
}

static void mistakes_have_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"", "t: expected lines for relays"},
        {HEAD COLUMNS, "t:2: expected lines for relays"},
        {HEAD "7 1 2 3 AT EG\n", "t:2: expected the columns \"weight capacity rate burst country flags\""},
        {COLUMNS "x 1 2 3 AT EG\n", "t:2: weight: expected a whole number from 0 to 4294967295"},
        {COLUMNS "4294967296 1 2 3 AT EG\n", "t:2: weight: expected a whole number from 0 to 4294967295"},
        {COLUMNS "1 -1 2 3 AT EG\n", "t:2: capacity: expected a whole number from 0 to 1000000000000"},
        {COLUMNS "1 1 1000000000001 3 AT EG\n", "t:2: rate: expected a whole number from 0 to 1000000000000"},
        {COLUMNS "1 1 2\n", "t:2: burst: expected a whole number from 0 to 1000000000000"},
        {COLUMNS "1 1 2 3 Austria E\n", "t:2: country: expected two capital letters"},
        {COLUMNS "1 1 2 3 AT\n", "t:2: flags: expected letters of ABDEFGHMS in order, or -"},
        {COLUMNS "1 1 2 3 AT GE\n", "t:2: flags: expected letters of ABDEFGHMS in order, or -"},
        {COLUMNS "1 1 2 3 AT EE\n", "t:2: flags: expected letters of ABDEFGHMS in order, or -"},
        {COLUMNS "1 1 2 3 AT X\n", "t:2: flags: expected letters of ABDEFGHMS in order, or -"},
        {COLUMNS "1 1 2 3 AT E 1.2.3.4\n", "t:2: expected six columns, found more"},
        {COLUMNS "1 1 2 3 AT E\n\n", "t:3: weight: expected a whole number from 0 to 4294967295"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct relay_table table;
        struct mistake m = {""};
        assert_false(relay_table_parse("t", span_of(cases[i].text), &table, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_null(table.rows);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(order_is_by_content),
        cmocka_unit_test(mistakes_have_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
