#include "load/load_report.h"

#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static const struct load_options options = {.links = 8, .circuits = 64, .record_cells = 31, .run = 4};

static void expect(struct load_report *report, const char *part) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    load_report_print(report, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, part));
    assert_string_equal(text + length - 2, "}\n");
    free(text);
}

static void cost_of_a_cell(UNUSED void **state) {
    struct load_report report = {
        .options = &options,
        .cipher = "C",
        .elapsed = 2 * NSEC_PER_S,
        .units = 4000000,
        .relay = {.threads = {{.name = "a", .busy = NSEC_PER_S, .switches = 4000},
                              {.name = "b", .busy = NSEC_PER_S}},
                  .count = 2},
    };
    expect(&report, "\"cells_per_s\": 2000000");
    expect(&report, "\"relay_cores\": 1.0000, \"relay_ns_per_cell\": 500.0");
    expect(&report,
           "{\"name\": \"a\", \"cores\": 0.5000, \"ns_per_cell\": 250.0, \"wakes_per_1000_cells\": 1.00}");
}

static void cost_of_a_handshake(UNUSED void **state) {
    static const struct load_options handshakes = {.mode = LOAD_NTOR_V3, .links = 2, .circuits = 64};
    struct load_report report = {
        .options = &handshakes,
        .cipher = "C",
        .elapsed = 2 * NSEC_PER_S,
        .units = 10000,
        .refused = 3,
        .verified = 100,
        .relay = {.threads = {{.name = "a", .busy = NSEC_PER_S, .switches = 5000}}, .count = 1},
    };
    expect(&report, "{\"links\": 2, \"circuits\": 64, \"kind\": \"ntor-v3\", \"cipher\": \"C\"");
    expect(&report, "\"handshakes\": 10000, \"handshakes_per_s\": 5000");
    expect(&report, "\"relay_cores\": 0.5000, \"relay_ns_per_handshake\": 100000.0");
    expect(&report, "\"ns_per_handshake\": 100000.0, \"wakes_per_1000_handshakes\": 500.00}");
    expect(&report, "\"refused\": 3, \"verified\": 100,");
}

static void echoes_are_sorted(UNUSED void **state) {
    nsec trips[] = {900, 100, 500};
    struct load_report report = {.options = &options, .cipher = "C", .trips = trips, .trip_count = 3};
    expect(&report, "\"echoes\": 3, \"echo_median_ns\": 500, \"echo_p99_ns\": 900");
}

static void nothing_measured_is_no_division(UNUSED void **state) {
    struct load_report report = {.options = &options, .cipher = "C", .lost = 5};
    expect(&report, "\"lost\": 5");
}

static void how_long_cells_took(UNUSED void **state) {
    static struct load_delay_slices delays;
    static const struct load_options rated = {.links = 2, .circuits = 1, .rate = 500};
    struct load_report report = {.options = &rated, .cipher = "C", .left_out = 7, .delays = &delays};
    load_delay_slices_begin(&delays, NULL);
    for (unsigned i = 0; i < 200; i++)
        load_delay_slices_add(&delays, NSEC_PER_S, 32);
    expect(&report, "\"rate\": 500, \"left_out\": 7, \"delays\": 200, \"delay_p50_ns\": 0");
    load_delay_slices_add(&delays, 3 * NSEC_PER_S, 32);
    expect(&report, "\"delay_p50_ns\": 32, \"delay_p99_ns\": 32");
    expect(&report, "\"delay_p50_of_all_ns\": 32, \"delay_p99_of_all_ns\": 32, \"delay_mean_ns\": 32");
}

static void what_went_before_and_after(UNUSED void **state) {
    static const struct load_options shared = {.links = 2, .circuits = 1, .rate = 450, .share = 90};
    struct load_report report = {.options = &shared, .cipher = "C", .most_before = 500, .most_after = 480};
    expect(&report, "\"share\": 90, \"most_before\": 500, \"most_after\": 480");
}

static void an_exit_has_sendmes(UNUSED void **state) {
    static const struct load_options exits = {.role = LOAD_EXIT, .links = 1, .circuits = 1};
    struct load_report report = {.options = &exits, .cipher = "C", .sendmes = 5};
    expect(&report, "\"sendmes\": 5, \"verified\"");
}

static void the_generators_own_work(UNUSED void **state) {
    struct load_report report = {.options = &options, .cipher = "C", .elapsed = NSEC_PER_S, .units = 10};
    report.work = (struct work){.tls_records_written = 1,
                                .tls_bytes_written = 2,
                                .writes = 3,
                                .tls_bytes_read = 4,
                                .reads = 5,
                                .loop_turns = 6,
                                .loop_sleeps = 7};
    expect(&report,
           "\"generator_work\": {\"tls_records_written\": 1, \"tls_bytes_written\": 2, \"writes\": 3, "
           "\"tls_bytes_read\": 4, \"reads\": 5, \"loop_turns\": 6, \"loop_sleeps\": 7}");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(how_long_cells_took),     cmocka_unit_test(an_exit_has_sendmes),
        cmocka_unit_test(cost_of_a_cell),          cmocka_unit_test(cost_of_a_handshake),
        cmocka_unit_test(echoes_are_sorted),       cmocka_unit_test(nothing_measured_is_no_division),
        cmocka_unit_test(the_generators_own_work), cmocka_unit_test(what_went_before_and_after),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
