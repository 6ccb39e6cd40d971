#include "des/round_trip.h"

#include "base/attributes.h"
#include "support/test.h"

#define MS NSEC_PER_MS

static void the_first_sample_is_taken_as_it_is(UNUSED void **state) {
    struct round_trip rt;
    round_trip_init(&rt);
    assert_int_equal(round_trip_rto(&rt), RTO_FIRST);
    assert_int_equal(round_trip_smoothed(&rt), 0);
    round_trip_sample(&rt, 300 * MS);
    assert_int_equal(round_trip_smoothed(&rt), 300 * MS);
    assert_int_equal(round_trip_rto(&rt), 300 * MS + 600 * MS);
}

/* RFC 6298, 2.3: rttvar = 3/4 * 150 + 1/4 * |300 - 380| = 132.5, srtt = 7/8 * 300 + 1/8 * 380 = 310. */
static void later_samples_move_it_by_an_eighth(UNUSED void **state) {
    struct round_trip rt;
    round_trip_init(&rt);
    round_trip_sample(&rt, 300 * MS);
    round_trip_sample(&rt, 380 * MS);
    assert_int_equal(round_trip_smoothed(&rt), 310 * MS);
    assert_int_equal(round_trip_rto(&rt), 310 * MS + 530 * MS);
}

static void a_steady_path_comes_down_to_the_least_timeout(UNUSED void **state) {
    struct round_trip rt;
    round_trip_init(&rt);
    for (unsigned i = 0; i < 200; i++)
        round_trip_sample(&rt, 20 * MS + 700);
    assert_int_equal(round_trip_smoothed(&rt), 20 * MS);
    assert_int_equal(round_trip_rto(&rt), RTO_MIN);
}

static void timeouts_double_up_to_a_bound_until_the_next_sample(UNUSED void **state) {
    struct round_trip rt;
    round_trip_init(&rt);
    for (nsec expected = 2 * RTO_FIRST; expected < RTO_MAX; expected *= 2) {
        round_trip_back_off(&rt);
        assert_int_equal(round_trip_rto(&rt), expected);
    }
    round_trip_back_off(&rt);
    assert_int_equal(round_trip_rto(&rt), RTO_MAX);
    round_trip_sample(&rt, 100 * MS);
    assert_int_equal(round_trip_rto(&rt), 300 * MS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_sample_is_taken_as_it_is),
        cmocka_unit_test(later_samples_move_it_by_an_eighth),
        cmocka_unit_test(a_steady_path_comes_down_to_the_least_timeout),
        cmocka_unit_test(timeouts_double_up_to_a_bound_until_the_next_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
