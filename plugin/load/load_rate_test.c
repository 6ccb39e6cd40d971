#include "load/load_rate.h"

#include <event2/event.h>
#include <math.h>

#include "native/turn_clock.h"
#include "support/test.h"

/* Mean 1, and as much of it beyond 1 and 3 as of an exponential distribution. */
static void draws_are_exponential(UNUSED void **state) {
    enum { DRAWS = 200000 };
    struct rng rng;
    double sum = 0;
    unsigned beyond_1 = 0, beyond_3 = 0;
    rng_seed(&rng, 7);
    for (unsigned i = 0; i < DRAWS; i++) {
        double draw = load_rate_exponential(&rng);
        assert_true(draw >= 0 && draw < 40);
        sum += draw;
        beyond_1 += draw > 1;
        beyond_3 += draw > 3;
    }
    assert_true(fabs(sum / DRAWS - 1) < 0.02);
    assert_true(fabs((double)beyond_1 / DRAWS - exp(-1)) < 0.01);
    assert_true(fabs((double)beyond_3 / DRAWS - exp(-3)) < 0.005);
}

/* There is nobody to write to: all bursts are left out, and their times go on all the same. */
static void what_cannot_be_written_is_left_out(UNUSED void **state) {
    struct load_lane in, out, *ins[] = {&in}, *outs[] = {&out};
    struct load_shape shape = {.run = 4, .record_cells = 31};
    struct load_flow flow = {
        .in = ins, .out = outs, .ways = 1, .shape = &shape, .base = event_base_new(), .window = 64};
    struct load_rate rate;
    load_lane_init(&in, false);
    load_lane_init(&out, false);
    nsec now = monotonic_read();
    load_rate_init(&rate, &flow, 4000000, now - NSEC_PER_S); /* a second late: far too much to make up for */
    load_rate_run(&rate, now + NSEC_PER_MS);
    assert_true(rate.next_at + (double)LOAD_RATE_LATE >= (double)now);
    assert_true(rate.left_out > 3800000);
    assert_int_equal(in.sent + out.sent, 0);
    load_lane_fini(&in);
    load_lane_fini(&out);
    event_base_free(flow.base);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_exponential),
        cmocka_unit_test(what_cannot_be_written_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
