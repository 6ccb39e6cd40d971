#include "native/heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

/* Whole pages in [object, object + size), and how many of them have memory. */
static size_t pages_with_memory(const uint8_t *object, size_t size, size_t *pages_out) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), found = 0;
    uintptr_t first = ((uintptr_t)object + page - 1) / page * page;
    unsigned char in_memory[256];
    *pages_out = ((uintptr_t)object + size - first) / page;
    assert_true(*pages_out > 0 && *pages_out <= sizeof in_memory);
    assert_int_equal(mincore((void *)first, *pages_out * page, in_memory), 0);
    for (size_t i = 0; i < *pages_out; i++)
        found += in_memory[i] & 1;
    return found;
}

/* Also where the allocator has memory that was used before. */
static void a_large_buffer_gets_its_memory_from_who_touches_it(void **state) {
    const size_t size = 300001;
    size_t pages;
    (void)state;
    uint8_t *used = malloc(size);
    assert_non_null(used);
    memset(used, 0xff, size);
    free(used);
    uint8_t *buffer = heap_new_untouched(size);
    assert_int_equal(pages_with_memory(buffer, size, &pages), 0);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(buffer[i], 0);
    memset(buffer, 1, size);
    assert_int_equal(pages_with_memory(buffer, size, &pages), pages);
    free(buffer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_zeroed_bytes_and_takes_them_back),
        cmocka_unit_test(a_large_buffer_gets_its_memory_from_who_touches_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
