#include "des/rate_bucket.h"

#include "base/attributes.h"
#include "base/rng.h"
#include "support/test.h"

#define MS NSEC_PER_MS

static void a_bucket_follows_arithmetic(UNUSED void **state) {
    struct rate_bucket bucket;
    rate_bucket_init(&bucket, 2500000); /* 20 Mbit/s: 2500 bytes a millisecond, at most 4000 */
    const struct {
        nsec now;
        uint64_t available;
        uint64_t take;
        nsec next_mtu_at;
    } steps[] = {
        {0, 4000, 1500, 0},
        {0, 2500, 1500, 1 * MS},
        {0, 1000, 1000, 1 * MS},
        {MS - 1, 0, 0, 1 * MS},
        {MS, 2500, 1500, 2 * MS},
        {MS + 1, 1000, 0, 2 * MS},
        {2 * MS, 3500, 3000, 3 * MS},
        {4 * MS + 7, 4000, 4000, 5 * MS}, /* what does not fit is lost */
        {1000 * MS, 4000, 0, 1000 * MS},
    };
    for (unsigned i = 0; i < COUNT(steps); i++) {
        assert_int_equal(rate_bucket_available(&bucket, steps[i].now), steps[i].available);
        rate_bucket_take(&bucket, steps[i].take);
        assert_int_equal(rate_bucket_ready_at(&bucket, steps[i].now, RATE_MTU), steps[i].next_mtu_at);
    }
}

static void a_slow_bucket_waits_for_several_refills(UNUSED void **state) {
    struct rate_bucket bucket;
    rate_bucket_init(&bucket, 0); /* one byte a millisecond is the least */
    assert_int_equal(bucket.refill, 1);
    rate_bucket_init(&bucket, 700000);
    rate_bucket_take(&bucket, 2200);
    assert_int_equal(rate_bucket_ready_at(&bucket, 10, 1400), 2 * MS);
    assert_int_equal(rate_bucket_ready_at(&bucket, 10, 1401), 3 * MS);
    assert_int_equal(rate_bucket_ready_at(&bucket, MS, 1401), 3 * MS);
}

static void the_law_holds_for_any_use(UNUSED void **state) {
    struct rate_bucket bucket;
    struct rng rng;
    rng_seed(&rng, 3);
    rate_bucket_init(&bucket, 5000000);
    uint64_t passed = 0, packets = 0;
    nsec now = 0;
    while (now < 2 * NSEC_PER_S) {
        uint64_t packet = 40 + rng_below(&rng, 1461);
        now = rate_bucket_ready_at(&bucket, now, packet);
        assert_true(rate_bucket_available(&bucket, now) >= packet);
        rate_bucket_take(&bucket, packet);
        passed += packet;
        packets++;
        assert_true(passed <= (now / MS + 1) * 5000 + RATE_MTU);
    }
    assert_true(passed >
                2 * UINT64_C(5000000) - UINT64_C(3) * RATE_MTU); /* nothing is wasted when always asked */
}

static void no_limit_is_no_limit(UNUSED void **state) {
    struct rate_bucket bucket;
    rate_bucket_init(&bucket, RATE_UNLIMITED);
    assert_true(rate_bucket_available(&bucket, 5) == RATE_UNLIMITED);
    rate_bucket_take(&bucket, 1 << 30);
    assert_int_equal(rate_bucket_ready_at(&bucket, 5, 1500), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_follows_arithmetic),
        cmocka_unit_test(a_slow_bucket_waits_for_several_refills),
        cmocka_unit_test(the_law_holds_for_any_use),
        cmocka_unit_test(no_limit_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
