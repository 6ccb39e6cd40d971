#include "primitives/yardstick.h"

#include "support/test.h"

static void every_part_takes_time(UNUSED void **state) {
    struct yardstick *yardstick = yardstick_new();
    struct yardstick_reading reading;
    nsec sum = 0;
    yardstick_read(yardstick, &reading);
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++) {
        assert_true(reading.part[i] > 0);
        assert_non_null(yardstick_part_name((enum yardstick_part)i));
        sum += reading.part[i];
    }
    assert_int_equal(yardstick_total(&reading), sum);
    yardstick_free(yardstick);
    yardstick_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_part_takes_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
