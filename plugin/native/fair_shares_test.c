#include "native/fair_shares.h"

#include "support/test.h"

static uint32_t take_all(struct fair_shares *shares, uint64_t who) {
    uint32_t got = 0;
    while (fair_shares_take(shares, who))
        got++;
    return got;
}

static void give_back(struct fair_shares *shares, uint64_t who, uint32_t count) {
    while (count-- > 0)
        fair_shares_give_back(shares, who);
}

static void one_alone_gets_half(void **state) {
    struct fair_shares shares;
    (void)state;
    fair_shares_init(&shares, 2048);
    assert_int_equal(take_all(&shares, 1), 1024);
    assert_int_equal(take_all(&shares, 2), 512); /* and the next half of what is left */
    assert_int_equal(take_all(&shares, 3), 256);
    give_back(&shares, 1, 1024);
    assert_true(fair_shares_take(&shares, 3));
    give_back(&shares, 3, 257);
    give_back(&shares, 2, 512);
    assert_int_equal(shares.taken_by.count, 0);
    fair_shares_fini(&shares);
}

static void takers_come_to_have_as_many_as_are_free(void **state) {
    (void)state;
    for (uint32_t takers = 1; takers < 40; takers++) {
        struct fair_shares shares;
        uint32_t got[40] = {0};
        fair_shares_init(&shares, 2048);
        for (unsigned turn = 0; turn < 2048; turn++) {
            for (uint32_t who = 1; who <= takers; who++)
                got[who] += fair_shares_take(&shares, who);
        }
        for (uint32_t who = 1; who <= takers; who++) {
            assert_in_range(got[who], 2048 / (takers + 1) - 1, 2048 / (takers + 1) + 1);
            give_back(&shares, who, got[who]);
        }
        fair_shares_fini(&shares);
    }
}

static void no_places_are_for_nobody(void **state) {
    struct fair_shares shares;
    (void)state;
    fair_shares_init(&shares, 0);
    assert_false(fair_shares_take(&shares, 1));
    fair_shares_fini(&shares);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_alone_gets_half),
        cmocka_unit_test(takers_come_to_have_as_many_as_are_free),
        cmocka_unit_test(no_places_are_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
