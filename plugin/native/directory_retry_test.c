#include "native/directory_retry.h"

#include "base/attributes.h"
#include "support/test.h"

static void pauses_grow_up_to_a_bound(UNUSED void **state) {
    static const struct {
        bool is_testing;
        uint32_t failures;
        uint64_t pause_s;
    } cases[] = {{false, 0, 1},    {false, 1, 1},    {false, 2, 2},
                 {false, 10, 512}, {false, 11, 900}, {false, UINT32_MAX, 900},
                 {true, 3, 4},     {true, 4, 5}};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(directory_retry_pause_s(cases[i].is_testing, cases[i].failures), cases[i].pause_s);
    assert_true(directory_retry_timeout_s(true) < directory_retry_timeout_s(false));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pauses_grow_up_to_a_bound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
