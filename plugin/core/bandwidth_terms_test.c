/* What managers may hold, whatever the rate and however many they are. */
#include "core/bandwidth_terms.h"

#include "core/token_bucket.h"
#include "support/test.h"
#include "wire/cell.h"

#define RECORD (CELLS_PER_RECORD * CELL_LEN)

static struct bandwidth_terms terms_of(uint64_t rate, uint64_t burst, uint16_t threads) {
    struct relay_config config;
    relay_config_default(&config);
    config.bandwidth_rate = rate;
    config.bandwidth_burst = burst;
    config.connection_threads = threads;
    return bandwidth_terms_of(&config);
}

static void only_several_managers_with_a_limit_borrow(UNUSED void **state) {
    static const struct {
        uint64_t rate;
        uint16_t threads;
        bool is_lent;
    } cases[] = {{1000000, 0, false},           {1000000, 1, false}, {1000000, 2, true},
                 {TOKEN_RATE_MAX, 64, true},    {1, 2, true},        {TOKEN_RATE_UNLIMITED, 4, false},
                 {TOKEN_RATE_MAX + 1, 4, false}};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(terms_of(cases[i].rate, 1000000, cases[i].threads).is_lent, cases[i].is_lent);
}

static void a_burst_holds_a_record(UNUSED void **state) {
    assert_int_equal(terms_of(3, 4, 0).burst, RECORD);
    assert_int_equal(terms_of(3, RECORD + 1, 0).burst, RECORD + 1);
}

static void what_is_kept_leaves_a_piece(UNUSED void **state) {
    static const uint64_t bursts[] = {
        0, RECORD, 75000, 1000000, 20000000, UINT64_C(1) << 30, UINT64_C(1) << 60};
    for (size_t i = 0; i < COUNT(bursts); i++)
        for (uint16_t threads = 2; threads <= 254; threads++) {
            struct bandwidth_terms terms = terms_of(1000000, bursts[i], threads);
            assert_true(terms.managers == threads && terms.keep > 0);
            assert_in_range(terms.piece, RECORD / 4, RECORD);
            assert_true(3 * threads * terms.keep + terms.piece <= terms.burst);
        }
    assert_int_equal(terms_of(20000000, 20000000, 4).keep, 312500);
    assert_int_equal(terms_of(20000000, 20000000, 4).piece, RECORD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_several_managers_with_a_limit_borrow),
        cmocka_unit_test(a_burst_holds_a_record),
        cmocka_unit_test(what_is_kept_leaves_a_piece),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
