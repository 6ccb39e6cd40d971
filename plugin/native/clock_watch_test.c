#include "native/clock_watch.h"

#include "support/test.h"

static void only_jumps_are_told(void **state) {
    static const struct {
        uint64_t wall_s, monotonic_s;
        int64_t jump;
    } looks[] = {
        {1001, 1, 0},        {1002, 1, 0},         /* a second that the other clock rounds otherwise */
        {1003, 3, 0},        {1103, 4, 0},         /* 99 s more */
        {1204, 5, 100},      {1205, 6, 0},         /* set once, told once */
        {1205, 4000, -3994}, {90000, 4001, 88794}, /* back; and a night's sleep */
        {89900, 4002, -101}, {89901, 4003, 0},
    };
    struct clock_watch watch;
    (void)state;
    clock_watch_init(&watch, 1000, 0);
    for (size_t i = 0; i < COUNT(looks); i++)
        assert_int_equal(clock_watch_look(&watch, looks[i].wall_s, looks[i].monotonic_s * NSEC_PER_S),
                         looks[i].jump);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_jumps_are_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
