#include "files/file_memory.h"

#include "support/test.h"

static void memory_comes_zeroed_and_goes_back(void **state) {
    static const char zeros[1000];
    (void)state;
    for (unsigned turn = 0; turn < 8; turn++) {
        char *object = memory_allocate(&file_memory, sizeof zeros);
        assert_non_null(object);
        assert_memory_equal(object, zeros, sizeof zeros);
        memset(object, 1, sizeof zeros);
        memory_release(&file_memory, object, sizeof zeros);
    }
    memory_release(&file_memory, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_comes_zeroed_and_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
