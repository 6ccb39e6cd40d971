#include "des/reno.h"

#include "base/attributes.h"
#include "support/test.h"

/* A hand trace: what comes (acks of n segments, D: duplicate, T: timeout), and cwnd, ssthresh and phase after it. */
struct step {
    char what;
    uint32_t n;
    uint32_t cwnd;
    uint32_t ssthresh;
    enum reno_phase phase;
};

#define INF ((uint32_t)RENO_SSTHRESH_FIRST)

static void play(struct reno *reno, const struct step *steps, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (steps[i].what == 'A')
            reno_new_ack(reno, steps[i].n);
        else if (steps[i].what == 'T')
            reno_timeout(reno);
        else
            for (uint32_t n = 0; n < steps[i].n; n++)
                reno_duplicate_ack(reno);
        assert_int_equal(reno->cwnd, steps[i].cwnd);
        assert_int_equal(reno->ssthresh, steps[i].ssthresh);
        assert_int_equal(reno->phase, steps[i].phase);
    }
}

static void slow_start_doubles_each_round_trip(UNUSED void **state) {
    struct reno reno;
    reno_init(&reno, 10);
    const struct step steps[] = {
        {'A', 10, 20, INF, RENO_SLOW_START}, {'A', 1, 21, INF, RENO_SLOW_START},
        {'A', 19, 40, INF, RENO_SLOW_START}, {'D', 2, 40, INF, RENO_SLOW_START},
        {'A', 40, 80, INF, RENO_SLOW_START},
    };
    play(&reno, steps, COUNT(steps));
}

static void the_third_duplicate_halves_and_new_data_ends_recovery(UNUSED void **state) {
    struct reno reno;
    reno_init(&reno, 20);
    const struct step steps[] = {
        {'D', 2, 20, INF, RENO_SLOW_START},
        {'D', 1, 14, 11, RENO_RECOVERY}, /* 20 / 2 + 1, and 3 */
        {'D', 5, 19, 11, RENO_RECOVERY},
        {'A', 12, 12, 11, RENO_AVOIDANCE}, /* 11, and a window acked already */
        {'A', 10, 12, 11, RENO_AVOIDANCE},
        {'A', 1, 13, 11, RENO_AVOIDANCE}, /* 1 + 10 + 1 = 12 */
        {'A', 13, 14, 11, RENO_AVOIDANCE},
        {'D', 3, 11, 8, RENO_RECOVERY},
    };
    play(&reno, steps, COUNT(steps));
}

static void a_timeout_starts_again(UNUSED void **state) {
    struct reno reno;
    reno_init(&reno, 50);
    const struct step steps[] = {
        {'T', 0, 10, 26, RENO_SLOW_START},
        {'A', 10, 20, 26, RENO_SLOW_START},
        {'A', 5, 25, 26, RENO_SLOW_START},
        {'A', 3, 26, 26, RENO_AVOIDANCE}, /* one to 26, two towards the next */
        {'A', 24, 27, 26, RENO_AVOIDANCE},
        {'T', 0, 10, 14, RENO_SLOW_START},
    };
    play(&reno, steps, COUNT(steps));
}

static void the_window_has_a_bound(UNUSED void **state) {
    struct reno reno;
    reno_init(&reno, 1);
    for (unsigned i = 0; i < 100; i++)
        reno_new_ack(&reno, RENO_CWND_MAX / 3);
    assert_int_equal(reno.cwnd, RENO_CWND_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slow_start_doubles_each_round_trip),
        cmocka_unit_test(the_third_duplicate_halves_and_new_data_ends_recovery),
        cmocka_unit_test(a_timeout_starts_again),
        cmocka_unit_test(the_window_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
