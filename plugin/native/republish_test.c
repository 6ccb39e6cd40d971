#include "native/republish.h"

#include "support/test.h"

#define PUBLISHED_S UINT64_C(1800000000)
#define MINUTE_S    UINT64_C(60)
#define HOUR_S      UINT64_C(3600)

static void reasons(void **state) {
    static const struct {
        uint64_t after_s, observed, bandwidth_ago_s, uptime_s;
        bool has_consensus, is_listed, is_stale, is_testing;
        const char *expected;
    } rows[] = {
        {HOUR_S, 1000, 0, HOUR_S, true, true, false, false, NULL},
        {89 * MINUTE_S, 1000, 0, HOUR_S, true, false, false, false, NULL},
        {90 * MINUTE_S, 1000, 0, HOUR_S, true, false, false, false, "not listed in consensus"},
        {90 * MINUTE_S, 1000, 0, HOUR_S, false, false, false, false, NULL},
        {90 * MINUTE_S, 1000, 0, HOUR_S, true, true, true, false, "listed as stale in consensus"},
        {MINUTE_S, 2000, 0, HOUR_S, true, true, false, false, NULL},
        {MINUTE_S, 2001, 0, HOUR_S, true, true, false, false, "bandwidth has changed"},
        {MINUTE_S, 499, 0, HOUR_S, true, true, false, false, "bandwidth has changed"},
        {MINUTE_S, 0, 0, HOUR_S, true, true, false, false, "bandwidth has changed"},
        {MINUTE_S, 9000, 2 * HOUR_S, HOUR_S, true, true, false, false, NULL},
        {MINUTE_S, 9000, 2 * HOUR_S, HOUR_S, true, true, false, true, "bandwidth has changed"},
        {MINUTE_S, 9000, 3 * HOUR_S, HOUR_S, true, true, false, false, "bandwidth has changed"},
        {MINUTE_S, 9000, 0, 25 * HOUR_S, true, true, false, false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t now_s = PUBLISHED_S + rows[i].after_s;
        struct republish r = {.bandwidth_s = rows[i].bandwidth_ago_s ? now_s - rows[i].bandwidth_ago_s : 0};
        const struct republish_facts facts = {.now_s = now_s,
                                              .uptime_s = rows[i].uptime_s,
                                              .observed = rows[i].observed,
                                              .consensus_s = rows[i].has_consensus ? now_s - 1 : 0,
                                              .is_listed = rows[i].is_listed,
                                              .is_stale = rows[i].is_stale,
                                              .is_testing = rows[i].is_testing};
        republish_done(&r, PUBLISHED_S, 1000);
        const char *reason = republish_reason(&r, &facts);
        if (rows[i].expected == NULL)
            assert_null(reason);
        else
            assert_string_equal(reason, rows[i].expected);
    }
}

/* The first observation is told at once, the next one not. */
static void a_new_relay_says_soon_what_it_can_do(void **state) {
    struct republish r = {.bandwidth_s = 0};
    struct republish_facts facts = {.now_s = PUBLISHED_S + 20, .uptime_s = 20, .observed = 50};
    (void)state;
    republish_done(&r, PUBLISHED_S, 0);
    assert_non_null(republish_reason(&r, &facts));
    republish_done(&r, facts.now_s, facts.observed);
    facts.now_s += 60;
    facts.observed = 500;
    assert_null(republish_reason(&r, &facts));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons),
        cmocka_unit_test(a_new_relay_says_soon_what_it_can_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
