#include "topology/latency.h"

#include <math.h>

#include "support/test.h"

static void what_graphs_write(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {{"10 ms", 10000},      {"10ms", 10000},          {"44.0964001242", 44096}, {"0.0", 0},
                {"1500 us", 1500},     {"2 s", 2000000},         {"1499 ns", 1},           {"1500 ns", 2},
                {"1 second", 1000000}, {"3 milliseconds", 3000}, {"6e4", 60000000},        {"0", 0}};
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t us = -1;
        assert_true(latency_parse(good[i].text, &us));
        assert_int_equal(us, good[i].us);
    }
    static const char *const bad[] = {"",      "ms",     "-1",    "-1 ms", "10 parsecs", "nan",
                                      "inf",   "0x10",   " 10",   "10 m",  "60001",      "61 s",
                                      "1e300", "10 ms ", "1.2.3", "e5"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t us;
        if (latency_parse(bad[i], &us))
            fail_msg("\"%s\" was taken", bad[i]);
    }
    int64_t us;
    assert_true(latency_from_ms(0.25, &us));
    assert_int_equal(us, 250);
    assert_false(latency_from_ms(NAN, &us));
    assert_false(latency_from_ms(-1, &us));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_graphs_write)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
