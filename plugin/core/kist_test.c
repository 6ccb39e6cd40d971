#include "base/rng.h"
#include "core/scheduler.h"
#include "support/test.h"

static void limit_follows_tcp(UNUSED void **state) {
    static const struct {
        uint32_t cwnd, unacked, mss, notsent;
        uint64_t limit;
    } cases[] = {
        {10, 0, 1448, 0, 28960}, /* idle: a window now and one more in the socket */
        {10, 4, 1448, 0, 6 * 1448 + 14480},
        {10, 10, 1448, 0, 14480}, /* window used: one more in the socket */
        {10, 12, 1448, 14480, 0}, /* used and waiting: nothing */
        {10, 10, 1448, 14479, 1},
        {10, 10, 1448, 99999, 0}, /* more in the socket than we wanted there */
        {0, 0, 1448, 0, 0},       /* facts of a closed socket */
        {10, 0, 0, 0, 0},
        {UINT32_MAX, 0, UINT32_MAX, 0, UINT64_MAX}, /* would not fit */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tcp_facts facts = {.cwnd = cases[i].cwnd,
                                  .unacked = cases[i].unacked,
                                  .mss = cases[i].mss,
                                  .notsent = cases[i].notsent};
        assert_true(kist_limit(&facts) == cases[i].limit);
    }
}

/* The sentence of the header, done literally. */
static void divide_by_rounds(struct sched_claim *claims, uint32_t count, uint64_t total, uint32_t quantum) {
    bool served[64];
    bool goes_on = true;
    for (uint32_t i = 0; i < count; i++)
        claims[i].granted = 0;
    while (goes_on) {
        goes_on = false;
        memset(served, 0, sizeof served);
        for (uint32_t turn = 0; turn < count; turn++) {
            uint32_t best = count;
            for (uint32_t i = 0; i < count; i++) {
                if (!served[i] && (best == count || claims[i].quietest < claims[best].quietest))
                    best = i;
            }
            served[best] = true;
            uint64_t cells = claims[best].want - claims[best].granted;
            if (cells > quantum)
                cells = quantum;
            if (cells > total)
                cells = total;
            claims[best].granted += (uint32_t)cells;
            total -= cells;
            goes_on |= cells > 0;
        }
    }
}

static void division_is_round_by_round(UNUSED void **state) {
    struct rng rng;
    rng_seed(&rng, 4);
    for (unsigned round = 0; round < 3000; round++) {
        struct sched_claim claims[64];
        struct sched_claim wanted[64];
        uint32_t count = (uint32_t)rng_below(&rng, 65);
        uint64_t sum = 0;
        for (uint32_t i = 0; i < count; i++) {
            claims[i] =
                (struct sched_claim){.quietest = rng_below(&rng, 10) == 0 ? UINT64_MAX : rng_below(&rng, 20),
                                     .want = (uint32_t)rng_below(&rng, 200)};
            sum += claims[i].want;
        }
        uint64_t total = rng_below(&rng, sum + 20);
        uint32_t quantum = 1 + (uint32_t)rng_below(&rng, 40);
        memcpy(wanted, claims, sizeof claims);
        divide_by_rounds(wanted, count, total, quantum);

        sched_divide(claims, count, total, quantum);

        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(claims[i].granted, wanted[i].granted);
    }
}

static void division_of_large_numbers(UNUSED void **state) {
    struct sched_claim claims[] = {{.quietest = 2, .want = UINT32_MAX}, {.quietest = 1, .want = UINT32_MAX}};

    sched_divide(claims, 2, UINT64_MAX, 1);
    assert_int_equal(claims[0].granted, UINT32_MAX);
    assert_int_equal(claims[1].granted, UINT32_MAX);

    sched_divide(claims, 2, UINT32_MAX, 1);
    assert_int_equal(claims[0].granted, UINT32_MAX / 2);
    assert_int_equal(claims[1].granted, UINT32_MAX / 2 + 1);

    sched_divide(claims, 2, 100, UINT32_MAX);
    assert_int_equal(claims[0].granted, 0);
    assert_int_equal(claims[1].granted, 100);

    sched_divide(claims, 2, 0, 31);
    assert_int_equal(claims[0].granted, 0);
    sched_divide(NULL, 0, 100, 31);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_follows_tcp),
        cmocka_unit_test(division_is_round_by_round),
        cmocka_unit_test(division_of_large_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
