#include "base/slab.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "support/test_memory.h"

#define OBJECT_SIZE 514u /* a cell */

static void objects_are_aligned_and_apart(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, OBJECT_SIZE, 4, 100);
    uint8_t *objects[10];

    for (unsigned i = 0; i < 10; i++) {
        objects[i] = slab_take(&slab);
        assert_non_null(objects[i]);
        assert_int_equal((uintptr_t)objects[i] % 16, 0);
        memset(objects[i], (int)i, OBJECT_SIZE);
    }

    for (unsigned i = 0; i < 10; i++)
        for (unsigned at = 0; at < OBJECT_SIZE; at++)
            assert_int_equal(objects[i][at], i);
    assert_int_equal(slab.taken, 10);
    assert_int_equal(m.allocations, 5); /* 1, 1, 2, 4, 4 */
    for (unsigned i = 0; i < 10; i++)
        slab_put(&slab, objects[i]);
    slab_fini(&slab);
    test_memory_fini(&m);
}

/* Hands out addresses that are aligned as little as allocators may, and knows whether what lies behind stays as it was. */
struct shabby_memory {
    struct memory memory;
    uint8_t *places[8];
    size_t sizes[8];
    unsigned count;
};

#define SHABBY_ROOM   16384u
#define SHABBY_OFF    (_Alignof(max_align_t))
#define SHABBY_CANARY 0xa5u

static void *shabby_allocate(void *context, size_t size) {
    struct shabby_memory *m = context;
    assert_true(m->count < COUNT(m->places) && SHABBY_OFF + size <= SHABBY_ROOM);
    uint8_t *place = aligned_alloc(64, SHABBY_ROOM);
    assert_non_null(place);
    memset(place, SHABBY_CANARY, SHABBY_ROOM);
    m->places[m->count] = place;
    m->sizes[m->count++] = size;
    return place + SHABBY_OFF;
}

static void shabby_release(void *context, void *object, size_t size) {
    struct shabby_memory *m = context;
    for (unsigned i = 0; i < m->count; i++)
        if (m->places[i] && m->places[i] + SHABBY_OFF == (uint8_t *)object) {
            assert_int_equal(size, m->sizes[i]);
            for (size_t at = SHABBY_OFF + size; at < SHABBY_ROOM; at++)
                assert_int_equal(m->places[i][at], SHABBY_CANARY);
            free(m->places[i]);
            m->places[i] = NULL;
            return;
        }
    fail_msg("what was never allocated is released");
}

/* On 32-bit ARM allocators align to 8 bytes, and the last object has to lie in its block there, too. */
static void objects_lie_in_blocks_that_are_hardly_aligned(UNUSED void **state) {
    static const size_t sizes[] = {48, 64, 576};
    for (unsigned i = 0; i < COUNT(sizes); i++) {
        struct shabby_memory m = {.count = 0};
        m.memory = (struct memory){shabby_allocate, shabby_release, &m};
        struct slab slab;
        slab_init(&slab, &m.memory, sizes[i], 4, 8);
        void *objects[8];
        for (unsigned n = 0; n < COUNT(objects); n++) {
            assert_non_null(objects[n] = slab_take(&slab));
            assert_int_equal((uintptr_t)objects[n] % (sizes[i] % 64 == 0 ? 64 : 16), 0);
            memset(objects[n], 0, sizes[i]);
        }
        for (unsigned n = 0; n < COUNT(objects); n++)
            slab_put(&slab, objects[n]);
        slab_fini(&slab);
    }
}

static void blocks_of_many_objects_leave_little_unused(UNUSED void **state) {
    static const size_t sizes[] = {16, 80, 96, 128, 256, 514, 576, 1344};
    for (unsigned i = 0; i < COUNT(sizes); i++) {
        uint32_t objects = slab_block_objects(sizes[i]);
        size_t length = objects * ((sizes[i] + 15) / 16 * 16);
        assert_in_range(length, 8192 - 1344, 14336);
    }
    assert_int_equal(slab_block_objects(128), 111); /* 14,208 of 14,336 bytes */
    assert_int_equal(slab_block_objects(576), 21);  /* 12,096 of 12,288 */
    assert_int_equal(slab_block_objects(100000), 1);
}

/* What is taken stays where it is and as it is, whatever goes. */
static void what_nobody_uses_goes_back(UNUSED void **state) {
    enum { OBJECTS = 1000, LEFT = 10 };
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 128, 20, OBJECTS);
    uint8_t *objects[OBJECTS];
    for (unsigned i = 0; i < OBJECTS; i++) {
        objects[i] = slab_take(&slab);
        memset(objects[i], (int)(i % 251), 128);
    }
    size_t full = m.bytes_live;
    for (unsigned i = 0; i < OBJECTS; i++)
        if (i % (OBJECTS / LEFT) != 0)
            slab_put(&slab, objects[i]);
    assert_true(slab_is_mostly_free(&slab));
    slab_give_back(&slab);
    assert_true(m.bytes_live < full / 3);
    assert_int_equal(slab.taken, LEFT);
    assert_true(slab.capacity > LEFT);
    for (unsigned i = 0; i < OBJECTS; i++) {
        if (i % (OBJECTS / LEFT) != 0)
            assert_non_null(objects[i] = slab_take(&slab)); /* and there is room for as many again */
        else
            for (unsigned at = 0; at < 128; at++)
                assert_int_equal(objects[i][at], i % 251);
    }
    assert_null(slab_take(&slab));
    for (unsigned i = 0; i < OBJECTS; i++)
        slab_put(&slab, objects[i]);
    test_memory_fail_after(&m, 0);
    slab_give_back(&slab);
    assert_int_equal(slab.capacity, OBJECTS);
    slab_fini(&slab);
    test_memory_fini(&m);
}

static void objects_of_whole_cache_lines_begin_with_one(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 192, 4, 100);
    void *objects[20];
    for (unsigned i = 0; i < COUNT(objects); i++) {
        objects[i] = slab_take(&slab);
        assert_int_equal((uintptr_t)objects[i] % 64, 0);
        memset(objects[i], (int)i, 192);
    }
    for (unsigned i = 0; i < COUNT(objects); i++)
        slab_put(&slab, objects[i]);
    slab_fini(&slab);
    test_memory_fini(&m);
}

static void sizes_are_rounded_up_to_16(UNUSED void **state) {
    const size_t rows[][2] = {{1, 16}, {15, 16}, {16, 16}, {17, 32}, {514, 528}, {528, 528}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct test_memory m;
        test_memory_init(&m);
        struct slab slab;
        slab_init(&slab, &m.memory, rows[i][0], 4, 4);
        assert_int_equal(slab.object_size, rows[i][1]);
        slab_fini(&slab);
    }
}

static void what_is_put_back_is_taken_next(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 16, 2, 8);
    void *a = slab_take(&slab);
    void *b = slab_take(&slab);

    slab_put(&slab, a);
    slab_put(&slab, b);

    assert_ptr_equal(slab_take(&slab), b);
    assert_ptr_equal(slab_take(&slab), a);
    assert_int_equal(m.allocations, 2);
    slab_put(&slab, a);
    slab_put(&slab, b);
    slab_fini(&slab);
    test_memory_fini(&m);
}

/* Also when one tray does not hold them all. */
static void the_last_are_the_first(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 32, 64, 20); /* trays of two */
    uint8_t *objects[20], *again[20];
    for (unsigned i = 0; i < 20; i++)
        assert_non_null(objects[i] = slab_take(&slab));
    for (unsigned i = 0; i < 20; i++)
        slab_put(&slab, objects[i]);
    for (unsigned i = 0; i < 20; i++) {
        assert_non_null(again[i] = slab_take(&slab));
        memset(again[i], 0xff, 32); /* nobody needs what was in it */
    }
    for (unsigned i = 0; i < 20; i++) { /* a tray comes after what is on it */
        unsigned tray = (19 - i) / 3 * 3;
        unsigned at = 0;
        while (objects[at] != again[i])
            assert_true(++at < 20);
        assert_in_range(at, tray, tray + 2);
        slab_put(&slab, again[i]);
    }
    slab_fini(&slab);
    test_memory_fini(&m);
}

/* Who frees what is not his hands it over on trays. */
static void a_tray_is_put_back_whole(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, sizeof(struct slab_tray) + 4 * sizeof(void *), 8, 11); /* trays of four */
    void *objects[11];
    for (unsigned i = 0; i < 11; i++)
        assert_non_null(objects[i] = slab_take(&slab));
    struct slab_tray *full = slab_tray_of(&slab, objects[0]);
    unsigned next = 1;
    while (slab_tray_add(full, objects[next]))
        next++;
    assert_int_equal(next, 5);
    struct slab_tray *bare = slab_tray_of(&slab, objects[5]);

    assert_int_equal(slab_put_tray(&slab, full), 5);
    assert_int_equal(slab_put_tray(&slab, bare), 1);

    assert_int_equal(slab.taken, 5);
    for (unsigned i = 0; i < 6; i++)
        assert_non_null(objects[i] = slab_take(&slab));
    assert_null(slab_take(&slab));
    for (unsigned i = 0; i < 11; i++)
        slab_put(&slab, objects[i]);
    slab_fini(&slab);
    test_memory_fini(&m);
}

static void what_nobody_has_can_be_given_back(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    void *objects[9];
    slab_init(&slab, &m.memory, 16, 4, 9);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 9; i++)
            assert_non_null(objects[i] = slab_take(&slab));
        for (unsigned i = 0; i < 8; i++)
            slab_put(&slab, objects[i]);
        size_t before = m.bytes_live;
        slab_trim(&slab); /* somebody has one */
        assert_int_equal(m.bytes_live, before);
        assert_int_equal(slab.capacity, 9);
        slab_put(&slab, objects[8]);
        slab_trim(&slab);
        assert_int_equal(m.bytes_live, 0);
    }
    slab_fini(&slab);
}

static void ceiling_holds_and_the_last_block_is_short(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 32, 4, 6);
    void *objects[6];
    for (unsigned i = 0; i < 6; i++)
        assert_non_null(objects[i] = slab_take(&slab));

    assert_null(slab_take(&slab));

    assert_int_equal(slab.capacity, 6);
    slab_put(&slab, objects[3]);
    assert_ptr_equal(slab_take(&slab), objects[3]);
    assert_null(slab_take(&slab));
    for (unsigned i = 0; i < 6; i++)
        slab_put(&slab, objects[i]);
    slab_fini(&slab);
    test_memory_fini(&m);
}

static void without_memory_a_take_fails_and_a_later_one_works(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 24, 1, 8);
    test_memory_fail_after(&m, 1);
    void *first = slab_take(&slab);
    assert_non_null(first);

    assert_null(slab_take(&slab));

    assert_int_equal(slab.taken, 1);
    test_memory_fail_after(&m, 1);
    void *second = slab_take(&slab);
    assert_non_null(second);
    slab_put(&slab, first);
    slab_put(&slab, second);
    slab_fini(&slab);
    test_memory_fini(&m);
}

static void a_slab_that_was_never_used_allocates_nothing(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct slab slab;
    slab_init(&slab, &m.memory, 1, 64, 0);

    assert_null(slab_take(&slab));

    slab_fini(&slab);
    assert_int_equal(m.allocations, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_aligned_and_apart),
        cmocka_unit_test(objects_lie_in_blocks_that_are_hardly_aligned),
        cmocka_unit_test(blocks_of_many_objects_leave_little_unused),
        cmocka_unit_test(what_nobody_uses_goes_back),
        cmocka_unit_test(objects_of_whole_cache_lines_begin_with_one),
        cmocka_unit_test(sizes_are_rounded_up_to_16),
        cmocka_unit_test(what_is_put_back_is_taken_next),
        cmocka_unit_test(the_last_are_the_first),
        cmocka_unit_test(a_tray_is_put_back_whole),
        cmocka_unit_test(what_nobody_has_can_be_given_back),
        cmocka_unit_test(ceiling_holds_and_the_last_block_is_short),
        cmocka_unit_test(without_memory_a_take_fails_and_a_later_one_works),
        cmocka_unit_test(a_slab_that_was_never_used_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
