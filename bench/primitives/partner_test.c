#include "primitives/partner.h"

#include "support/test.h"

static void count(void *state) {
    ++*(unsigned *)state;
}

static void a_call_returns_when_the_task_is_done(UNUSED void **state) {
    const char *reason = NULL;
    unsigned calls = 0;
    struct partner_call call;
    struct partner *partner = partner_new(count, &calls, &reason);
    if (!partner) {
        assert_string_equal(reason, "it takes two cores");
        skip();
    }
    for (unsigned i = 1; i <= 100; i++) {
        partner_call(partner, &call);
        assert_int_equal(calls, i);
    }
    partner_free(partner);
    partner_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_call_returns_when_the_task_is_done)};
    partner_pin_caller();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
