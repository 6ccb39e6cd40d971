#include "native/heap.h"

#include <stdint.h>

#include "support/test.h"

static void gives_zeroed_bytes_and_takes_them_back(void **state) {
    (void)state;
    for (size_t size = 1; size < 100000; size = size * 3 + 1) {
        uint8_t *bytes = memory_allocate(&heap_memory, size);
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, size);
        memory_release(&heap_memory, bytes, size);
    }
    memory_release(&heap_memory, NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(gives_zeroed_bytes_and_takes_them_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
