#include "native/allocator.h"

#include <stdlib.h>

#include "support/test.h"

static void it_is_told_which_malloc_is_bound(void **state) {
    (void)state;
    struct allocator_in_force now;
    allocator_look(&now);
    assert_string_not_equal(now.name, "unknown");
    assert_true(strlen(now.path) > 0);
#ifdef LOOM_ALLOCATOR
    assert_string_equal(now.name, LOOM_ALLOCATOR);
    assert_true(strlen(now.version) > 0);
#endif
}

static void what_is_in_force_is_had_without_more_ado(void **state) {
    (void)state;
    struct allocator_in_force now;
    struct complaint complaint;
    allocator_look(&now);
    assert_true(allocator_have(now.path, NULL, &complaint));
#ifdef LOOM_ALLOCATOR
    assert_true(allocator_have(LOOM_ALLOCATOR, NULL, &complaint));
#endif
}

static void what_cannot_be_had_is_said_in_one_line(void **state) {
    (void)state;
    static const struct {
        const char *wanted, *said;
    } cases[] = {
        {"jamalloc",
         "--allocator jamalloc: expected one of system, jemalloc, mimalloc, tcmalloc, or the path"},
        {"/nowhere/libmalloc.so", "--allocator /nowhere/libmalloc.so: No such file"},
        {"", "--allocator : expected one of"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct complaint complaint;
        assert_false(allocator_have(cases[i].wanted, NULL, &complaint));
        assert_ptr_equal(strstr(complaint.text, cases[i].said), complaint.text);
        assert_null(strchr(complaint.text, '\n'));
    }
}

/* As after an execution that has not helped: the loader leaves out what is no library. */
static void nothing_is_executed_for_ever(void **state) {
    (void)state;
    struct complaint complaint;
    assert_int_equal(setenv("LD_PRELOAD", "/dev/null:other", 1), 0);
    assert_false(allocator_have("/dev/null", NULL, &complaint));
    assert_non_null(strstr(complaint.text, "the loader did not take /dev/null"));
    unsetenv("LD_PRELOAD");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_which_malloc_is_bound),
        cmocka_unit_test(what_is_in_force_is_had_without_more_ado),
        cmocka_unit_test(what_cannot_be_had_is_said_in_one_line),
        cmocka_unit_test(nothing_is_executed_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
