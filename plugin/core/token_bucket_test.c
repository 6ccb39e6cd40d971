#include "core/token_bucket.h"

#include "base/attributes.h"
#include "base/rng.h"
#include "support/test.h"

#define S NSEC_PER_S

static void a_story_in_steps(UNUSED void **state) {
    static const struct {
        nsec at;
        uint64_t available, take;
    } steps[] = {
        {0, 1000, 400}, /* starts full */
        {0, 600, 600},  /* and is emptied */
        {S / 2, 50, 0}, /* 100 bytes a second */
        {S / 2 + 4999999, 50, 0},
        {S, 100, 300}, /* overshoots to -200 */
        {3 * S, 0, 0}, /* pays back */
        {3 * S + 9999999, 0, 0},
        {3 * S + 10000000, 1, 1},
        {5 * S, 199, 0},
        {100 * S, 1000, 0}, /* never more than the burst */
        {1000000 * S, 1000, 1000},
    };
    struct token_bucket bucket;
    token_bucket_init(&bucket, 0, 100, 1000);

    for (size_t i = 0; i < COUNT(steps); i++) {
        assert_int_equal(token_bucket_available(&bucket, steps[i].at), steps[i].available);
        token_bucket_take(&bucket, steps[i].at, steps[i].take);
    }
}

static void no_rate_is_lost_to_rounding(UNUSED void **state) {
    static const uint64_t rates[] = {1, 3, 999, 1000003, 125000000, 999999999, 1250000001, TOKEN_RATE_MAX};
    for (size_t i = 0; i < COUNT(rates); i++) {
        struct token_bucket bucket;
        token_bucket_init(&bucket, 0, rates[i], 4 * rates[i]);
        token_bucket_take(&bucket, 0, 4 * rates[i]);
        struct rng rng;
        rng_seed(&rng, i);

        for (nsec now = 0; now < 2 * S; now += 1 + rng_below(&rng, 100000))
            (void)token_bucket_available(&bucket, now);

        assert_int_equal(token_bucket_available(&bucket, 2 * S), 2 * rates[i]);
    }
}

static void another_rate_keeps_what_is_there(UNUSED void **state) {
    struct token_bucket bucket;
    token_bucket_init(&bucket, 0, 100, 1000);
    token_bucket_adjust(&bucket, 0, 10, 400);
    assert_int_equal(token_bucket_available(&bucket, 0), 400);
    token_bucket_take(&bucket, 0, 500);
    token_bucket_adjust(&bucket, 5 * S, 1000, 2000); /* 50 of the old rate have come */
    assert_int_equal(token_bucket_available(&bucket, 5 * S), 0);
    assert_int_equal(token_bucket_available(&bucket, 6 * S), 950);
    token_bucket_adjust(&bucket, 6 * S, TOKEN_RATE_UNLIMITED, 0);
    assert_true(token_bucket_available(&bucket, 6 * S) == UINT64_MAX);
    token_bucket_adjust(&bucket, 7 * S, 100, 0);
    assert_int_equal(token_bucket_available(&bucket, 8 * S), 0);
}

/* Take whatever is there, at random times: what passes is at most, and with small steps exactly, the law. */
static void law_holds(UNUSED void **state) {
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        uint64_t rate = 1 + rng_below(&rng, UINT64_C(1) << rng_below(&rng, 35));
        uint64_t burst = rng_below(&rng, 2 * rate + 2);
        nsec start = rng_below(&rng, 1000 * S);
        struct token_bucket bucket;
        token_bucket_init(&bucket, start, rate, burst);
        uint64_t passed = 0;
        nsec now = start;
        for (unsigned i = 0; i < 1000; i++) {
            uint64_t available = token_bucket_available(&bucket, now);
            uint64_t take = rng_below(&rng, available + 1);
            token_bucket_take(&bucket, now, take);
            passed += take;
            long double most =
                (long double)burst + (long double)rate * (long double)(now - start) / (long double)S;
            assert_true((long double)passed <= most);
            now += rng_below(&rng, S / 100);
        }
    }
}

static void ready_at_is_the_first_moment(UNUSED void **state) {
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        uint64_t rate = 1 + rng_below(&rng, UINT64_C(1) << rng_below(&rng, 35));
        uint64_t burst = 1 + rng_below(&rng, 3 * rate);
        struct token_bucket bucket;
        token_bucket_init(&bucket, 0, rate, burst);
        token_bucket_take(&bucket, 0, rng_below(&rng, 3 * burst));
        nsec now = rng_below(&rng, S);
        uint64_t wanted = 1 + rng_below(&rng, 2 * burst);
        uint64_t expected = wanted < burst ? wanted : burst;

        nsec at = token_bucket_ready_at(&bucket, now, wanted);

        assert_true(at >= now);
        struct token_bucket before = bucket;
        if (at > now)
            assert_true(token_bucket_available(&before, at - 1) < expected);
        assert_true(token_bucket_available(&bucket, at) >= expected);
    }
}

static void extremes(UNUSED void **state) {
    struct token_bucket bucket;
    token_bucket_init(&bucket, 5, TOKEN_RATE_UNLIMITED, 0);
    token_bucket_take(&bucket, 5, UINT64_MAX);
    assert_true(token_bucket_available(&bucket, 5) == UINT64_MAX);
    assert_int_equal(token_bucket_ready_at(&bucket, 6, 1000), 6);

    token_bucket_init(&bucket, 0, TOKEN_RATE_MAX + 1, 1);
    assert_true(token_bucket_available(&bucket, 0) == UINT64_MAX);

    token_bucket_init(&bucket, 0, 0, 10); /* nothing ever again */
    token_bucket_take(&bucket, 0, 10);
    assert_true(token_bucket_ready_at(&bucket, 1, 1) == NSEC_NEVER);
    assert_int_equal(token_bucket_available(&bucket, NSEC_NEVER - 1), 0);

    token_bucket_init(&bucket, 0, 1, UINT64_MAX);
    token_bucket_take(&bucket, 0, INT64_MAX / 2);
    assert_true(token_bucket_ready_at(&bucket, 0, UINT64_MAX) == NSEC_NEVER);
    assert_int_equal(token_bucket_available(&bucket, NSEC_NEVER - 1), NSEC_NEVER / S);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_rate_keeps_what_is_there), cmocka_unit_test(a_story_in_steps),
        cmocka_unit_test(no_rate_is_lost_to_rounding),      cmocka_unit_test(law_holds),
        cmocka_unit_test(ready_at_is_the_first_moment),     cmocka_unit_test(extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
