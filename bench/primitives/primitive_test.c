#include "primitives/primitive.h"

#include <string.h>

#include "base/attributes.h"
#include "support/test.h"

/* Whoever reads the figures finds them by these three. */
static void no_two_have_the_same_name(UNUSED void **state) {
    for (size_t i = 0; i < primitives_count(); i++) {
        const struct primitive *a = primitives_at(i);
        assert_true(strlen(a->name) > 0 && strlen(a->unit) > 0);
        for (size_t j = 0; j < i; j++) {
            const struct primitive *b = primitives_at(j);
            assert_false(strcmp(a->name, b->name) == 0 && strcmp(a->variant, b->variant) == 0 &&
                         a->size == b->size);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_two_have_the_same_name)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
