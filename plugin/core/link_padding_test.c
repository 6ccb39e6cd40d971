/* Which links are padded, and how long they idle before. */
#include "core/link_padding.h"

#include "base/attributes.h"
#include "support/test.h"

static struct consensus_params params_of(int32_t low, int32_t high) {
    struct consensus_params params = consensus_params_default;
    params.nf_ito_low_ms = low;
    params.nf_ito_high_ms = high;
    return params;
}

static void pauses_lie_between_the_bounds_that_both_sides_allow(UNUSED void **state) {
    static const struct {
        int32_t low, high;              /* consensus */
        uint16_t wants_low, wants_high; /* negotiated */
        uint32_t from_ms, to_ms;
    } rows[] = {
        {1500, 9500, 0, 0, 1500, 9500},    {1500, 9500, 9000, 14000, 9000, 14000}, /* reduced */
        {1500, 9500, 1, 2, 1500, 9500}, /* a client may not ask for more than the consensus gives */
        {1500, 9500, 3000, 0, 3000, 9500}, {1500, 9500, 20000, 30000, 20000, 30000},
        {5000, 5000, 0, 0, 5000, 5001},    {0, 1000, 0, 0, 0, 1000},
    };
    struct rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct consensus_params params = params_of(rows[i].low, rows[i].high);
        struct link_padding padding = {0};
        link_padding_negotiate(
            &padding, &(struct padding_negotiate_message){true, rows[i].wants_low, rows[i].wants_high});
        for (int n = 0; n < 1000; n++) {
            nsec pause = link_padding_pause(&padding, &params, &rng);
            assert_in_range(pause, rows[i].from_ms * NSEC_PER_MS, rows[i].to_ms * NSEC_PER_MS - 1);
        }
    }
}

static void a_consensus_of_zeros_pads_nothing(UNUSED void **state) {
    struct consensus_params params = params_of(0, 0);
    struct link_padding padding = {.low_ms = 1500, .high_ms = 9500};
    struct rng rng;
    rng_seed(&rng, 1);
    assert_int_equal(link_padding_pause(&padding, &params, &rng), 0);
}

/* The larger of two uniform draws: below a quarter of the range in a sixteenth of all, below half in a quarter. */
static void pauses_are_the_larger_of_two_draws(UNUSED void **state) {
    enum { DRAWS = 16000 };
    struct consensus_params params = params_of(2000, 6000);
    struct link_padding padding = {0};
    struct rng rng;
    uint32_t below_quarter = 0, below_half = 0;
    rng_seed(&rng, 7);
    for (int n = 0; n < DRAWS; n++) {
        nsec pause = link_padding_pause(&padding, &params, &rng);
        below_quarter += pause < 3000 * NSEC_PER_MS;
        below_half += pause < 4000 * NSEC_PER_MS;
    }
    assert_in_range(below_quarter, DRAWS / 16 - DRAWS / 100, DRAWS / 16 + DRAWS / 100);
    assert_in_range(below_half, DRAWS / 4 - DRAWS / 50, DRAWS / 4 + DRAWS / 50);
}

static void who_is_padded(UNUSED void **state) {
    static const struct {
        bool is_client, is_stopped;
        enum link_use use;
        int32_t pad_relays, pad_before_usage;
        bool expected;
    } rows[] = {
        {true, false, LINK_HAS_CIRCUITS, 0, 1, true},
        {true, false, LINK_HAS_CIRCUITS, 0, 0, false},
        {true, false, LINK_HAS_TRAFFIC, 0, 0, true},
        {true, false, LINK_UNUSED, 1, 1, false}, /* directory requests alone */
        {true, true, LINK_HAS_TRAFFIC, 1, 1, false},
        {false, false, LINK_HAS_TRAFFIC, 0, 1, false},
        {false, false, LINK_HAS_TRAFFIC, 1, 1, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct consensus_params params = consensus_params_default;
        params.nf_pad_relays = rows[i].pad_relays;
        params.nf_pad_before_usage = rows[i].pad_before_usage;
        const struct link_padding padding = {.is_stopped = rows[i].is_stopped, .use = (uint8_t)rows[i].use};
        assert_int_equal(link_padding_applies(&padding, rows[i].is_client, &params), rows[i].expected);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_lie_between_the_bounds_that_both_sides_allow),
        cmocka_unit_test(a_consensus_of_zeros_pads_nothing),
        cmocka_unit_test(pauses_are_the_larger_of_two_draws),
        cmocka_unit_test(who_is_padded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
