#include "limit/limit_report.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static void the_median_of_the_windows_counts(UNUSED void **state) {
    struct limit_options options = {.repeats = 3};
    struct limit_report report = {.options = &options};
    static const nsec busy[] = {900, 500, 600, 200};
    for (unsigned i = 0; i < COUNT(busy); i++)
        report.windows[i] = (struct limit_window){.relay_busy = busy[i], .cells = 1};
    assert_true(limit_report_median(&report) == 600.0);
    options.repeats = 4;
    assert_true(limit_report_median(&report) == 550.0);
}

static void the_report_sums_what_the_windows_have(UNUSED void **state) {
    struct limit_options options = {.repeats = 2, .links = 8, .backend = "epoll"};
    struct limit_report report = {.options = &options, .cipher = "X", .verified = 7};
    char text[2048] = {0};
    for (unsigned i = 0; i < 2; i++)
        report.windows[i] = (struct limit_window){.elapsed = NSEC_PER_S,
                                                  .relay_busy = NSEC_PER_S / 2,
                                                  .cells = 1000,
                                                  .records_out = 50,
                                                  .calls = 10};
    FILE *out = fmemopen(text, sizeof text, "w");
    limit_report_print(&report, out);
    fclose(out);
    assert_non_null(strstr(text, "\"cells_per_s\": 1000,"));
    assert_non_null(strstr(text, "\"relay_cores\": 0.5000"));
    assert_non_null(strstr(text, "\"relay_ns_per_cell\": 500000.0"));
    assert_non_null(strstr(text, "\"cells_per_record_out\": 20.00"));
    assert_non_null(strstr(text, "\"calls_per_1000_cells\": 10.00"));
    assert_non_null(strstr(text, "\"verified\": 7, \"lost\": 0, \"wrong\": 0}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_of_the_windows_counts),
        cmocka_unit_test(the_report_sums_what_the_windows_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
