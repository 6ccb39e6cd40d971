/* When a manager tells the controller what it has sent and wants. */
#include "core/bandwidth_share.h"

#include "support/test.h"

#define S NSEC_PER_S

static const struct bandwidth_terms lent = {
    .rate = 1000000, .burst = 1000000, .keep = 1000, .piece = 500, .managers = 2, .is_lent = true};

static void reports_when_it_has_to(UNUSED void **state) {
    static const struct {
        uint64_t held, sent, asked, wanted; /* what it has done and asked for so far, what it could send */
        bool reports;
        uint64_t returned, want;
    } cases[] = {
        {1000, 0, 0, 0, false, 0, 0},         /* idle: nothing */
        {500, 500, 0, 0, false, 0, 0},        /* half of what it keeps is enough */
        {499, 501, 0, 0, true, 0, 501},       /* less is not */
        {0, 1000, 0, 3000, true, 0, 4000},    /* it wants more than it has */
        {499, 0, 0, 500, true, 0, 1001},      /* even so little */
        {0, 0, 2000, 3000, false, 0, 0},      /* half of it has been asked for */
        {0, 0, 1999, 3000, true, 0, 4000},    /* less than half: in all */
        {1000, 1000, 0, 0, false, 0, 0},      /* so much it may owe a report of */
        {1000, 1001, 0, 0, true, 0, 0},       /* and no more */
        {0, 1001, 3000, 1000, true, 0, 3000}, /* what it wanted it wants still */
        {2000, 0, 0, 0, false, 0, 0},         /* so much it may hold */
        {2001, 7, 5000, 0, true, 1001, 0},    /* and no more: the rest goes back, and nothing is wanted */
        {5000, 0, 0, 3000, false, 0, 0},      /* but for what it is going to send */
        {5001, 0, 9, 3000, true, 1001, 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bandwidth_share share;
        struct bandwidth_report report;
        bandwidth_share_init(&share, 0, &lent, 0);
        share.held = cases[i].held;
        share.sent = cases[i].sent;
        share.asked = cases[i].asked;
        bool reports = bandwidth_share_must_report(&share, cases[i].wanted, &report);
        assert_int_equal(reports, cases[i].reports);
        if (!reports)
            continue;
        assert_int_equal(report.sent, cases[i].sent);
        assert_int_equal(report.returned, cases[i].returned);
        assert_int_equal(report.want, cases[i].want);
        bandwidth_share_reported(&share, &report);
        assert_false(bandwidth_share_must_report(&share, cases[i].wanted, &report));
    }
}

static void sends_what_it_is_lent(UNUSED void **state) {
    struct bandwidth_share share;
    struct bandwidth_report report;
    bandwidth_share_init(&share, 0, &lent, lent.keep);
    assert_int_equal(bandwidth_share_available(&share, 0), 1000);
    bandwidth_share_send(&share, 0, 1000);
    assert_int_equal(bandwidth_share_available(&share, 3600 * S), 0); /* time brings nothing */
    assert_true(bandwidth_share_ready_at(&share, S, 500) == S);       /* it has not asked */
    assert_true(bandwidth_share_must_report(&share, 4000, &report));
    bandwidth_share_reported(&share, &report);
    assert_true(bandwidth_share_ready_at(&share, S, 500) == NSEC_NEVER);
    bandwidth_share_lend(&share, 3000);
    assert_int_equal(bandwidth_share_available(&share, S), 3000);
    assert_int_equal(share.asked, 2000);
    bandwidth_share_lend(&share, 2500); /* more than it waits for, after it has asked anew */
    assert_int_equal(share.asked, 0);
    assert_int_equal(bandwidth_share_available(&share, S), 5500);
}

static void alone_it_has_a_bucket(UNUSED void **state) {
    const struct bandwidth_terms terms = {.rate = 1000, .burst = 2000, .keep = 100, .managers = 1};
    struct bandwidth_share share;
    struct bandwidth_report report;
    bandwidth_share_init(&share, 0, &terms, 0);
    assert_int_equal(bandwidth_share_available(&share, 0), 2000);
    bandwidth_share_send(&share, 0, 2000);
    assert_false(bandwidth_share_must_report(&share, 50000, &report));
    assert_int_equal(bandwidth_share_available(&share, S), 1000);
    assert_true(bandwidth_share_ready_at(&share, S, 1500) == S + S / 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_when_it_has_to),
        cmocka_unit_test(sends_what_it_is_lent),
        cmocka_unit_test(alone_it_has_a_bucket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
