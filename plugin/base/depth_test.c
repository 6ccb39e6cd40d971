#include "base/depth.h"

#include "base/attributes.h"
#include "support/test.h"

#define MS NSEC_PER_MS

static void is_the_mean_over_what_left_in_the_last_second(UNUSED void **state) {
    static const struct {
        nsec at;
        uint32_t leave, wait; /* leave 0: nothing does */
        uint32_t mean;
    } steps[] = {
        {0, 0, 0, 0},
        {100 * MS, 10, 1000, 0},
        {999 * MS, 30, 200, 0},
        {1000 * MS, 0, 0, 400}, /* (10 x 1000 + 30 x 200) / 40 */
        {1500 * MS, 1, 7, 400},
        {1999 * MS, 0, 0, 400},
        {2000 * MS, 0, 0, 7},
        {3000 * MS, 0, 0, 0}, /* nothing left since: no stale figure */
        {7000 * MS, 2, UINT32_MAX, 0},
        {8000 * MS, 1, 1, UINT32_MAX},
        {9000 * MS, 0, 0, 1},
    };
    struct depth depth = {0};

    for (size_t i = 0; i < COUNT(steps); i++) {
        if (steps[i].leave > 0)
            depth_note(&depth, steps[i].at, steps[i].leave, steps[i].wait);
        assert_int_equal(depth_mean(&depth, steps[i].at), steps[i].mean);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_mean_over_what_left_in_the_last_second)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
