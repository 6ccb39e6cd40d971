/* test_memory - an allocator that counts, checks the sizes that come back, and fails when told to. */
#ifndef LOOM_SUPPORT_TEST_MEMORY_H
#define LOOM_SUPPORT_TEST_MEMORY_H

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"
#include "support/test.h"

struct test_memory {
    struct memory memory;     /* hand this to what is tested */
    size_t bytes_live;        /* asked for and not yet given back */
    uint32_t allocations;     /* that were granted */
    uint32_t allocations_max; /* further ones fail */
};

static inline void *test_memory_allocate(void *context, size_t size) {
    struct test_memory *m = context;
    if (m->allocations >= m->allocations_max)
        return NULL;
    m->allocations++;
    m->bytes_live += size;
    return calloc(1, size);
}

static inline void test_memory_release(void *context, void *object, size_t size) {
    struct test_memory *m = context;
    if (object == NULL)
        return;
    assert_true(size <= m->bytes_live);
    m->bytes_live -= size;
    free(object);
}

/* In place, because memory points back to it. */
static inline void test_memory_init(struct test_memory *m) {
    *m = (struct test_memory){
        .memory = {test_memory_allocate, test_memory_release, m},
        .allocations_max = UINT32_MAX,
    };
}

/* From now on, grant n allocations and no more. */
static inline void test_memory_fail_after(struct test_memory *m, uint32_t n) {
    m->allocations_max = m->allocations + n;
}

/* All that was asked for came back. */
static inline void test_memory_fini(struct test_memory *m) {
    assert_int_equal(m->bytes_live, 0);
}

#endif
