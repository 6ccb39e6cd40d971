#include "des/pool.h"

#include "support/test.h"
#include "support/test_memory.h"

static void objects_are_used_again(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct pool pool;
    pool_init(&pool, &m.memory, 100);
    char *a = pool_take(&pool), *b = pool_take(&pool);
    assert_non_null(a);
    assert_ptr_equal(b, a + 112); /* neighbours, rounded up to 16 bytes */
    pool_put(&pool, a);
    assert_ptr_equal(pool_take(&pool), a);
    pool_fini(&pool);
    test_memory_fini(&m);
}

static void objects_wander_from_pool_to_pool_and_back(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct pool from, to;
    pool_init(&from, &m.memory, 64);
    pool_init(&to, &m.memory, 64);
    struct pool_chain chain = {0};
    uint64_t bytes = 0;

    for (unsigned round = 0; round < 1000; round++) {
        void *objects[300];
        for (unsigned i = 0; i < COUNT(objects); i++) {
            objects[i] = pool_take(&from);
            assert_non_null(objects[i]);
        }
        for (unsigned i = 0; i < COUNT(objects); i++)
            pool_put(&to, objects[i]);
        pool_give(&to, COUNT(objects), &chain);
        assert_int_equal(chain.count, COUNT(objects));
        pool_accept(&from, &chain);
        assert_int_equal(chain.count, 0);
        if (round == 0)
            bytes = from.bytes;
    }

    assert_int_equal(from.bytes, bytes); /* nothing new since the first round */
    assert_int_equal(to.bytes, 0);
    pool_give(&to, 5, &chain); /* an empty pool gives nothing */
    pool_accept(&from, &chain);
    pool_fini(&from);
    pool_fini(&to);
    test_memory_fini(&m);
}

static void without_memory_there_is_no_object(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct pool pool;
    pool_init(&pool, &m.memory, 20000); /* more than a block: one at a time */
    test_memory_fail_after(&m, 1);
    void *only = pool_take(&pool);
    assert_non_null(only);
    assert_null(pool_take(&pool));
    pool_put(&pool, only);
    assert_ptr_equal(pool_take(&pool), only);
    pool_fini(&pool);
    test_memory_fini(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_used_again),
        cmocka_unit_test(objects_wander_from_pool_to_pool_and_back),
        cmocka_unit_test(without_memory_there_is_no_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
