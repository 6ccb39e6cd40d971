#include "base/activity.h"

#include "base/attributes.h"
#include "support/test.h"

#define MS NSEC_PER_MS

static void counts_what_was_active_in_the_last_second(UNUSED void **state) {
    static const struct {
        nsec at;
        int thing; /* -1: none does anything */
        uint32_t count;
    } steps[] = {
        {0, -1, 0},         {100 * MS, 0, 0},   {200 * MS, 0, 0},      {900 * MS, 1, 0},
        {1000 * MS, -1, 2}, /* the two of the first second */
        {1500 * MS, 2, 2},  {1999 * MS, -1, 2}, {2000 * MS, -1, 1},    {2999 * MS, -1, 1},
        {3000 * MS, -1, 0}, /* nothing happened since: no stale figure */
        {7000 * MS, 0, 0},  {7001 * MS, 1, 0},  {7002 * MS, 2, 0},     {7999 * MS, 2, 0},
        {8000 * MS, 2, 3},  {9500 * MS, -1, 1}, {1000000 * MS, -1, 0},
    };
    struct activity activity = {0};
    activity_mark marks[3] = {0};

    for (size_t i = 0; i < COUNT(steps); i++) {
        if (steps[i].thing >= 0)
            activity_note(&activity, steps[i].at, &marks[steps[i].thing]);
        assert_int_equal(activity_count(&activity, steps[i].at), steps[i].count);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {cmocka_unit_test(counts_what_was_active_in_the_last_second)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
