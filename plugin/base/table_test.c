#include "base/table.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

static int values[512]; /* only their addresses matter */

static void an_entry_is_found_until_it_is_removed(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct table table;
    table_init(&table, &m.memory, 1);
    assert_null(table_get(&table, 5));
    assert_null(table_remove(&table, 5));
    assert_int_equal(m.allocations, 0);

    assert_int_equal(table_set(&table, 5, &values[0]), ERR_OK);
    assert_int_equal(table_set(&table, 0, &values[1]), ERR_OK);
    assert_int_equal(table_set(&table, UINT64_MAX, &values[2]), ERR_OK);
    assert_int_equal(table_set(&table, 5, &values[3]), ERR_OK);

    assert_int_equal(table.count, 3);
    assert_ptr_equal(table_get(&table, 5), &values[3]);
    assert_ptr_equal(table_get(&table, 0), &values[1]);
    assert_ptr_equal(table_get(&table, UINT64_MAX), &values[2]);
    assert_null(table_get(&table, 6));
    assert_ptr_equal(table_remove(&table, 0), &values[1]);
    assert_null(table_get(&table, 0));
    assert_null(table_remove(&table, 0));
    assert_int_equal(table.count, 2);
    table_fini(&table);
    test_memory_fini(&m);
}

static void load_stays_at_three_quarters_or_less(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct table table;
    table_init(&table, &m.memory, 9);

    for (uint64_t key = 0; key < 5000; key++) {
        assert_int_equal(table_set(&table, key << 31, &values[key % 512]), ERR_OK);
        assert_true(4 * (uint64_t)table.count <= 3 * (uint64_t)table.capacity);
        assert_int_equal(table.capacity & (table.capacity - 1), 0);
    }

    for (uint64_t key = 0; key < 5000; key++)
        assert_ptr_equal(table_get(&table, key << 31), &values[key % 512]);
    table_fini(&table);
    test_memory_fini(&m);
}

static void without_memory_the_table_stays_as_it_was(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct table table;
    table_init(&table, &m.memory, 2);
    test_memory_fail_after(&m, 0);
    assert_int_equal(table_set(&table, 1, &values[1]), ERR_LIMIT);
    assert_null(table_get(&table, 1));
    test_memory_fail_after(&m, 1);
    for (uint64_t key = 0; key < 3; key++)
        assert_int_equal(table_set(&table, key, &values[key]), ERR_OK);

    assert_int_equal(table_set(&table, 3, &values[3]), ERR_LIMIT);

    assert_int_equal(table.count, 3);
    assert_null(table_get(&table, 3));
    for (uint64_t key = 0; key < 3; key++)
        assert_ptr_equal(table_get(&table, key), &values[key]);
    assert_int_equal(table_set(&table, 1, &values[30]), ERR_OK); /* a known key needs no room */
    assert_ptr_equal(table_get(&table, 1), &values[30]);
    table_fini(&table);
    test_memory_fini(&m);
}

static void a_walk_sees_each_entry_once(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct table table;
    table_init(&table, &m.memory, 4);
    for (uint64_t key = 0; key < 100; key++)
        assert_int_equal(table_set(&table, key, &values[key]), ERR_OK);

    unsigned seen[100] = {0};
    uint32_t cursor = 0;
    for (struct table_entry *entry; (entry = table_next(&table, &cursor)) != NULL;) {
        assert_ptr_equal(entry->value, &values[entry->key]);
        seen[entry->key]++;
    }

    for (unsigned key = 0; key < 100; key++)
        assert_int_equal(seen[key], 1);
    assert_null(table_next(&table, &cursor));
    table_fini(&table);
    test_memory_fini(&m);
}

/* Also where runs wrap around the end: as many entries as the load allows, under many seeds. */
static void what_is_taken_on_a_walk_is_everything(UNUSED void **state) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct test_memory m;
        test_memory_init(&m);
        struct table table;
        table_init(&table, &m.memory, seed);
        for (uint64_t key = 0; key < 48; key++)
            assert_int_equal(table_set(&table, key, &values[key]), ERR_OK);

        unsigned taken[48] = {0};
        uint32_t cursor = 0, before = 0;
        for (int *value; (value = table_take(&table, &cursor)) != NULL; before = cursor) {
            uint64_t key = (uint64_t)(value - values);
            taken[key]++;
            assert_null(table_get(&table, key));
            assert_true(cursor >= before); /* never back: the walk is linear */
        }

        for (unsigned key = 0; key < 48; key++)
            assert_int_equal(taken[key], 1);
        assert_int_equal(table.count, 0);
        table_fini(&table);
        test_memory_fini(&m);
    }
}

/* The model is an array with one place for each key. keys few: runs that wrap, close and reopen all the time. */
static void check_against_model(uint64_t seed, uint64_t keys, unsigned operations) {
    int *model[512] = {NULL};
    struct test_memory m;
    test_memory_init(&m);
    struct table table;
    table_init(&table, &m.memory, seed);
    struct rng rng;
    rng_seed(&rng, seed);
    uint32_t count = 0;

    for (unsigned i = 0; i < operations; i++) {
        uint64_t place = rng_below(&rng, keys);
        uint64_t key = place * UINT64_C(0x100000001); /* differs in the high half too */
        int *value = &values[rng_below(&rng, COUNT(values))];
        switch (rng_below(&rng, 3)) {
        case 0:
            count += model[place] == NULL;
            model[place] = value;
            assert_int_equal(table_set(&table, key, value), ERR_OK);
            break;
        case 1:
            count -= model[place] != NULL;
            assert_ptr_equal(table_remove(&table, key), model[place]);
            model[place] = NULL;
            break;
        default: assert_ptr_equal(table_get(&table, key), model[place]); break;
        }
        assert_int_equal(table.count, count);
    }

    for (uint64_t place = 0; place < keys; place++)
        assert_ptr_equal(table_get(&table, place * UINT64_C(0x100000001)), model[place]);
    table_fini(&table);
    test_memory_fini(&m);
}

static void random_use_agrees_with_a_model(UNUSED void **state) {
    for (uint64_t seed = 0; seed < 50; seed++) {
        check_against_model(seed, 14, 2000);
        check_against_model(seed, 512, 5000);
    }
}

static void keys_that_a_peer_counts_up_spread_under_every_seed(UNUSED void **state) {
    for (uint64_t seed = 0; seed < 8; seed++) {
        struct test_memory m;
        test_memory_init(&m);
        struct table table;
        table_init(&table, &m.memory, seed);
        for (uint64_t key = 0; key < 3000; key++)
            assert_int_equal(table_set(&table, UINT64_C(0x80000000) + (key << 8), &values[0]), ERR_OK);

        uint32_t longest = 0, run = 0;
        for (uint32_t i = 0; i < table.capacity; i++) {
            run = table.entries[i].value ? run + 1 : 0;
            longest = run > longest ? run : longest;
        }

        assert_int_equal(table.capacity, 4096);
        assert_true(longest < 200); /* about 100 at this load for random keys */
        table_fini(&table);
        test_memory_fini(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_found_until_it_is_removed),
        cmocka_unit_test(load_stays_at_three_quarters_or_less),
        cmocka_unit_test(without_memory_the_table_stays_as_it_was),
        cmocka_unit_test(a_walk_sees_each_entry_once),
        cmocka_unit_test(what_is_taken_on_a_walk_is_everything),
        cmocka_unit_test(random_use_agrees_with_a_model),
        cmocka_unit_test(keys_that_a_peer_counts_up_spread_under_every_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
