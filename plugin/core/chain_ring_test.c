#include "core/chain_ring.h"

#include "support/test.h"
#include "support/test_memory.h"

static int things[100];

static struct chain chain_number(uint32_t i) {
    return (struct chain){.first = &things[i], .last = &things[i], .count = i + 1};
}

static void chains_come_in_order_and_stop_at_the_limit(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct chain_ring ring = {0};
    assert_true(chain_ring_init(&ring, &m.memory, 4));
    struct chain out;

    assert_false(chain_ring_pop(&ring, chain_ring_published(&ring), &out));
    for (uint32_t round = 0; round < 30; round += 3) {
        for (uint32_t i = 0; i < 3; i++) {
            struct chain chain = chain_number(round + i);
            assert_true(chain_ring_push(&ring, &chain));
            assert_null(chain.first);
        }
        uint32_t limit = chain_ring_published(&ring);
        struct chain late = chain_number(99);
        assert_true(chain_ring_push(&ring, &late));
        assert_false(chain_ring_is_at(&ring, limit));
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(chain_ring_pop(&ring, limit, &out));
            assert_ptr_equal(out.first, &things[round + i]);
            assert_int_equal(out.count, round + i + 1);
        }
        assert_false(chain_ring_pop(&ring, limit, &out));
        assert_true(chain_ring_is_at(&ring, limit));
        assert_true(chain_ring_pop(&ring, chain_ring_published(&ring), &out));
        assert_ptr_equal(out.first, &things[99]);
    }

    chain_ring_fini(&ring, &m.memory);
    test_memory_fini(&m);
}

static void full_ring_refuses(UNUSED void **state) {
    static const uint32_t slots[] = {1, 2, 8};
    for (size_t i = 0; i < COUNT(slots); i++) {
        struct test_memory m;
        test_memory_init(&m);
        struct chain_ring ring = {0};
        assert_true(chain_ring_init(&ring, &m.memory, slots[i]));
        struct chain out;
        for (uint32_t n = 0; n < slots[i]; n++) {
            struct chain chain = chain_number(n);
            assert_true(chain_ring_push(&ring, &chain));
        }
        struct chain more = chain_number(50);
        assert_false(chain_ring_push(&ring, &more));
        assert_ptr_equal(more.first, &things[50]);
        assert_true(chain_ring_pop(&ring, chain_ring_published(&ring), &out));
        assert_true(chain_ring_push(&ring, &more));
        chain_ring_fini(&ring, &m.memory);
        test_memory_fini(&m);
    }
}

static void no_memory_no_ring(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    test_memory_fail_after(&m, 0);
    struct chain_ring ring = {0};
    assert_false(chain_ring_init(&ring, &m.memory, 4));
    chain_ring_fini(&ring, &m.memory);
    test_memory_fini(&m);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_come_in_order_and_stop_at_the_limit),
        cmocka_unit_test(full_ring_refuses),
        cmocka_unit_test(no_memory_no_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
