#include "base/work.h"

#include "base/attributes.h"
#include "support/test.h"

/* Each counter gets its own number, so that a mix-up of two would show. */
static struct work numbered(uint64_t factor) {
    struct work work = {0};
    uint64_t n = 0;
#define X(name) work.name = ++n * factor;
    WORK_LIST(X)
#undef X
    return work;
}

static void sums_and_differences_are_by_counter(UNUSED void **state) {
    struct work sum = numbered(3);
    const struct work part = numbered(4), expected = numbered(7), before = numbered(3);

    work_add(&sum, &part);
    assert_memory_equal(&sum, &expected, sizeof(sum));

    struct work delta;
    work_since(&delta, &sum, &before);
    assert_memory_equal(&delta, &part, sizeof(delta));
    work_since(&sum, &sum, &before); /* in place */
    assert_memory_equal(&sum, &part, sizeof(sum));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_and_differences_are_by_counter)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
