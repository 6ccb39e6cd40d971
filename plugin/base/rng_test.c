#include "base/rng.h"

#include "base/attributes.h"
#include "support/test.h"

/* From an independent computation in Python; the first words of seed 0 are also those of the authors' own code. */
static void the_sequence_of_a_seed_is_fixed(UNUSED void **state) {
    const struct {
        uint64_t seed, first[3];
    } rows[] = {
        {0, {UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a), UINT64_C(0x1a5f849d4933e6e0)}},
        {42, {UINT64_C(0x15780b2e0c2ec716), UINT64_C(0x6104d9866d113a7e), UINT64_C(0xae17533239e499a1)}},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        struct rng rng;
        rng_seed(&rng, rows[i].seed);
        for (unsigned draw = 0; draw < 3; draw++)
            assert_true(rng_u64(&rng) == rows[i].first[draw]);
    }
}

static void below_stays_below_and_reaches_each_value_evenly(UNUSED void **state) {
    const uint64_t bounds[] = {1, 2, 3, 7, 64, 100};
    struct rng rng;
    rng_seed(&rng, 5);
    for (unsigned i = 0; i < COUNT(bounds); i++) {
        unsigned hits[100] = {0};
        for (unsigned draw = 0; draw < 1000 * bounds[i]; draw++) {
            uint64_t drawn = rng_below(&rng, bounds[i]);
            assert_true(drawn < bounds[i]);
            hits[drawn]++;
        }
        for (unsigned value = 0; value < bounds[i]; value++)
            assert_in_range(hits[value], 850, 1150); /* 1000 expected, deviation 32 */
    }
    for (unsigned draw = 0; draw < 100; draw++)
        assert_true(rng_below(&rng, UINT64_MAX) < UINT64_MAX);
    assert_true(rng_below(&rng, UINT64_C(1) << 63) < UINT64_C(1) << 63);
}

/* Traces depend on which draws are used up, so that is fixed too: the top bits, drawn again when too large. */
static void below_takes_the_top_bits(UNUSED void **state) {
    struct rng a, b;
    rng_seed(&a, 1);
    rng_seed(&b, 1);
    for (unsigned i = 0; i < 100; i++)
        assert_true(rng_below(&a, 8) == rng_u64(&b) >> 61);
    assert_true(rng_below(&a, 1) == 0); /* draws nothing */
    assert_true(rng_u64(&a) == rng_u64(&b));
}

static void fill_writes_the_draws_little_endian_and_no_byte_more(UNUSED void **state) {
    struct rng a, b;
    rng_seed(&a, 7);
    rng_seed(&b, 7);
    uint8_t out[20];
    memset(out, 0xee, sizeof(out));

    rng_fill(&a, out, 19);

    for (unsigned i = 0; i < 19; i += 8) {
        uint64_t word = rng_u64(&b);
        for (unsigned j = i; j < 19 && j < i + 8; j++, word >>= 8)
            assert_int_equal(out[j], word & 0xff);
    }
    assert_int_equal(out[19], 0xee);
    assert_true(rng_u64(&a) == rng_u64(&b));
    rng_fill(&a, NULL, 0);
    assert_true(rng_u64(&a) == rng_u64(&b));
}

static void skip_goes_on_as_after_fill(UNUSED void **state) {
    for (size_t length = 0; length < 30; length++) {
        struct rng a, b;
        uint8_t out[30];
        rng_seed(&a, length);
        rng_seed(&b, length);
        rng_fill(&a, out, length);
        rng_skip(&b, length);
        assert_true(rng_u64(&a) == rng_u64(&b));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sequence_of_a_seed_is_fixed),
        cmocka_unit_test(below_stays_below_and_reaches_each_value_evenly),
        cmocka_unit_test(below_takes_the_top_bits),
        cmocka_unit_test(fill_writes_the_draws_little_endian_and_no_byte_more),
        cmocka_unit_test(skip_goes_on_as_after_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
