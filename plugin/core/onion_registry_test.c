#include "core/onion_registry.h"

#include <string.h>

#include "support/test.h"
#include "support/test_memory.h"

struct fixture {
    struct test_memory memory;
    struct onion_registry registry;
};

static void set_up(struct fixture *f, uint32_t names_max) {
    test_memory_init(&f->memory);
    onion_registry_init(&f->registry, &f->memory.memory, 7, names_max);
}

static void tear_down(struct fixture *f) {
    onion_registry_fini(&f->registry);
    test_memory_fini(&f->memory);
}

/* Names whose first eight bytes are equal when their first arguments are. */
static struct onion_name name_of(uint8_t first, uint8_t last) {
    uint8_t key[32] = {[0] = first, [31] = last};
    return onion_name_intro(key);
}

static void a_name_means_who_claimed_it_last(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 10);
    struct onion_name name = name_of(1, 1);
    assert_true(onion_registry_find(&f.registry, &name) == 0);
    assert_int_equal(onion_registry_set(&f.registry, &name, 5), ERR_OK);
    assert_true(onion_registry_find(&f.registry, &name) == 5);
    assert_int_equal(onion_registry_set(&f.registry, &name, 6), ERR_OK);
    onion_registry_remove(&f.registry, &name, 5); /* no longer its own */
    assert_true(onion_registry_find(&f.registry, &name) == 6);
    onion_registry_remove(&f.registry, &name, 6);
    assert_true(onion_registry_find(&f.registry, &name) == 0);
    onion_registry_remove(&f.registry, &name, 6);
    assert_int_equal(f.registry.count, 0);
    tear_down(&f);
}

static void keys_and_cookies_are_apart(UNUSED void **state) {
    struct fixture f;
    uint8_t bytes[32] = {9};
    struct onion_name intro = onion_name_intro(bytes), rend = onion_name_rend(bytes);
    set_up(&f, 10);
    assert_int_equal(onion_registry_set(&f.registry, &intro, 1), ERR_OK);
    assert_true(onion_registry_find(&f.registry, &rend) == 0);
    assert_int_equal(onion_registry_set(&f.registry, &rend, 2), ERR_OK);
    assert_true(onion_registry_find(&f.registry, &intro) == 1);
    tear_down(&f);
}

static void names_that_begin_alike_are_told_apart(UNUSED void **state) {
    struct fixture f;
    for (uint8_t gone = 0; gone < NAMES_ALIKE_MAX; gone++) {
        set_up(&f, 100);
        for (uint8_t i = 0; i < NAMES_ALIKE_MAX; i++) {
            struct onion_name name = name_of(3, i);
            assert_int_equal(onion_registry_set(&f.registry, &name, 10 + i), ERR_OK);
        }
        struct onion_name too_many = name_of(3, 200), removed = name_of(3, gone);
        assert_int_equal(onion_registry_set(&f.registry, &too_many, 1), ERR_LIMIT);
        onion_registry_remove(&f.registry, &removed, 10 + gone);
        for (uint8_t i = 0; i < NAMES_ALIKE_MAX; i++) {
            struct onion_name name = name_of(3, i);
            assert_true(onion_registry_find(&f.registry, &name) == (half_id)(i == gone ? 0 : 10 + i));
        }
        assert_int_equal(onion_registry_set(&f.registry, &too_many, 1), ERR_OK);
        tear_down(&f);
    }
}

/* Anybody may choose a cookie; the keys of services are known. */
static void cookies_do_not_crowd_out_a_service(UNUSED void **state) {
    struct fixture f;
    uint8_t key[32] = {9, 9, 9}, cookie[REND_COOKIE_LEN] = {9, 9, 9};
    struct onion_name service = onion_name_intro(key);
    set_up(&f, 100);
    cookie[7] = ONION_NAME_INTRO ^ ONION_NAME_REND; /* together with the kind it looks as the key does */
    for (uint8_t i = 0; i < NAMES_ALIKE_MAX; i++) {
        cookie[REND_COOKIE_LEN - 1] = i;
        struct onion_name name = onion_name_rend(cookie);
        assert_int_equal(onion_registry_set(&f.registry, &name, 10 + i), ERR_OK);
    }
    assert_int_equal(onion_registry_set(&f.registry, &service, 1), ERR_OK);
    assert_true(onion_registry_find(&f.registry, &service) == 1);
    tear_down(&f);
}

static void there_is_a_bound(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 2);
    for (uint8_t i = 0; i < 3; i++) {
        struct onion_name name = name_of(i, 0);
        assert_int_equal(onion_registry_set(&f.registry, &name, 1), i < 2 ? ERR_OK : ERR_LIMIT);
    }
    struct onion_name known = name_of(0, 0);
    assert_int_equal(onion_registry_set(&f.registry, &known, 2), ERR_OK);
    tear_down(&f);
}

static void without_memory_nothing_changes(UNUSED void **state) {
    struct fixture f;
    struct onion_name name = name_of(1, 0);
    for (uint32_t granted = 0; granted < 2; granted++) {
        set_up(&f, 10);
        test_memory_fail_after(&f.memory, granted);
        assert_int_equal(onion_registry_set(&f.registry, &name, 1), ERR_LIMIT);
        assert_true(onion_registry_find(&f.registry, &name) == 0);
        assert_int_equal(f.registry.count, 0);
        tear_down(&f);
    }
}

static void every_place_has_its_share(UNUSED void **state) {
    unsigned shares[3] = {0};
    for (unsigned i = 0; i < 256; i++) {
        uint8_t key[32] = {[8] = (uint8_t)i, [11] = (uint8_t)(7 * i)};
        struct onion_name name = onion_name_intro(key);
        shares[onion_registry_place(&name, 3)]++;
        assert_int_equal(onion_registry_place(&name, 1), 0);
    }
    for (unsigned i = 0; i < 3; i++)
        assert_true(shares[i] > 60);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_means_who_claimed_it_last),
        cmocka_unit_test(keys_and_cookies_are_apart),
        cmocka_unit_test(names_that_begin_alike_are_told_apart),
        cmocka_unit_test(cookies_do_not_crowd_out_a_service),
        cmocka_unit_test(there_is_a_bound),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(every_place_has_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
