#include "core/congestion_params.h"

#include "base/attributes.h"
#include "support/test.h"

static void defaults_are_within_their_limits(UNUSED void **state) {
    struct congestion_params clamped = congestion_params_clamped(&congestion_params_default);
    assert_memory_equal(&clamped, &congestion_params_default, sizeof clamped);
    assert_int_equal(clamped.sendme_inc, 31);
    assert_int_equal(clamped.cwnd_init, 124);
}

static void anything_becomes_something_that_works(UNUSED void **state) {
    static const int32_t values[] = {INT32_MIN, -1, 0, 1, 1000, INT32_MAX};
    for (size_t i = 0; i < COUNT(values); i++) {
        struct congestion_params wild;
        int32_t *fields = (int32_t *)&wild;
        for (size_t k = 0; k < sizeof wild / sizeof *fields; k++)
            fields[k] = values[i];
        struct congestion_params p = congestion_params_clamped(&wild);
        assert_in_range(p.sendme_inc, 1, 254);
        assert_in_range(p.cwnd_max, 500, CONGESTION_CWND_MAX);
        assert_in_range(p.cwnd_min, 31, p.cwnd_max);
        assert_true(p.ewma_ss >= 2);
        assert_true(p.cellq_low <= p.cellq_high);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_within_their_limits),
        cmocka_unit_test(anything_becomes_something_that_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
