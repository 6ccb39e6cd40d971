#include "sim/results_outside.h"

#include <stdlib.h>

#include "sim/results.h"
#include "sim/results_scratch.h"
#include "sim/results_small.h"
#include "support/test.h"

#define BUILDS "[[\"done\", 1000000000, 70000000], [\"circuit-timeout\", 1500000000, 60000000000]]"
#define DONE                                                                                      \
    "[\"done\", 0, -1, 1, 0, 3, 0, 0, 51200, 1, 1000000000, 1070000000, 1070000000, 1090000000, " \
    "1100000000, 1200000000]"
#define TIMED_OUT                                                                                    \
    "[\"timeout\", -1, -1, -1, 0, 4, 0, 1, 700, 0, 1500000000, 1500000000, 1500000000, 1600000000, " \
    "1800000000, -1]"
#define SECONDS "[[10, 20], [1000, 2003], [5, 7]]"
#define CLIENTS(first) \
    "[{\"builds\": " BUILDS ", \"transfers\": [" first "]}, {\"builds\": [], \"transfers\": []}]"
#define WHOLE(first, relays) "{\"format\": 1, \"clients\": " CLIENTS(first) ", \"relays\": " relays "}"
#define RELAYS               "[" SECONDS ", " SECONDS "]"

static bool read_text(const struct plan *plan, const char *text, struct results_outside *out,
                      struct mistake *mistake) {
    char path[128];
    snprintf(path, sizeof(path), "%s/measured.json", scratch);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return results_outside_read(path, plan, out, mistake);
}

static void init(struct small_run *run) {
    memset(run, 0, sizeof(*run));
    small_run_plan(run);
}

static void what_was_measured_becomes_results(void **state) {
    (void)state;
    struct small_run run;
    struct results_outside outside;
    struct results_summary summary;
    struct mistake m = {""};
    init(&run);
    if (!read_text(&run.plan, WHOLE(DONE ", " TIMED_OUT, RELAYS), &outside, &m))
        fail_msg("%s", m.text);
    const struct sim_transfer *t = outside.clients[0].transfers;
    assert_int_equal(outside.clients[0].transfer_count, 2);
    assert_int_equal(t[0].relays[0], 0);
    assert_int_equal(t[0].relays[1], UINT32_MAX);
    assert_int_equal(t[1].last_byte, NSEC_NEVER);
    assert_int_equal(t[1].outcome, SIM_OUTCOME_TIMEOUT);
    assert_int_equal(outside.totals.transfers_done, 1);
    assert_int_equal(outside.totals.circuits_failed, 1);
    const struct results_source source = {
        .plan = &run.plan, .relays = outside.relays, .clients = outside.clients, .totals = outside.totals};
    assert_true(results_summary_make(&source, &summary));
    assert_true(results_summary_find(&summary, "last_byte.51200.0.5")->value == 0.13);
    assert_true(results_summary_find(&summary, "build")->value == 0.07);
    assert_true(results_summary_find(&summary, "failed")->value == 50.0);
    assert_false(results_summary_find(&summary, "busiest.all relays")->is_there); /* nobody measured it */
    results_summary_fini(&summary);
    results_outside_fini(&outside);
    small_run_fini(&run);
}

static void the_bytes_of_a_second_are_those_of_its_samples(void **state) {
    (void)state;
    struct small_run run;
    struct results_outside outside;
    struct mistake m = {""};
    init(&run);
    assert_true(read_text(&run.plan, WHOLE(DONE, RELAYS), &outside, &m));
    uint64_t sent = 0, received = 0;
    assert_int_equal(outside.relays[1].sample_count, 30);
    for (unsigned i = 10; i < 20; i++) {
        sent += outside.relays[1].samples[i].bytes_written;
        received += outside.relays[1].samples[i].bytes_read;
        assert_in_range(outside.relays[1].samples[i].bytes_written, 200, 201);
    }
    assert_int_equal(sent, 2003);
    assert_int_equal(received, 1000);
    results_outside_fini(&outside);
    small_run_fini(&run);
}

static void anything_else_is_refused(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "{\"format\": 2}",
        "{\"format\": 1, \"clients\": [], \"relays\": []}",
        WHOLE(DONE, "[" SECONDS "]"),
        WHOLE(DONE, "[[[1, 2]], " SECONDS "]"), /* too few seconds */
        WHOLE(DONE, "[" SECONDS ", [[1, 2], [-1, 0], [0, 0]]]"),
        WHOLE("[\"done\"]", RELAYS),
        WHOLE("[\"strange\", 0, 0, 1, 0, 3, 0, 0, 51200, 1, 1, 2, 2, 3, 4, 5]", RELAYS),
        WHOLE("[\"done\", 2, 0, 1, 0, 3, 0, 0, 51200, 1, 1, 2, 2, 3, 4, 5]", RELAYS), /* no such relay */
        WHOLE("[\"done\", 0, 0, 1, 1, 3, 0, 0, 51200, 1, 1, 2, 2, 3, 4, 5]", RELAYS), /* no such session */
        WHOLE("[\"done\", 0, 0, 1, 0, 3, 0, 2, 51200, 1, 1, 2, 2, 3, 4, 5]", RELAYS), /* no such file */
        WHOLE("[\"done\", 0, 0, 1, 0, 3, 0, 0, 51199, 1, 1, 2, 2, 3, 4, 5]", RELAYS), /* not the whole file */
        WHOLE("[\"done\", 0, 0, 1, 0, 3, 0, 0, 51200, 1, 1, 2, 2, 3, 6, 5]",
              RELAYS), /* ended before it began */
        WHOLE("[\"done\", 0, 0, 1, 0, 3, 0, 0, 51200, 1, 1, 2, 2, 3, 4, -1]", RELAYS), /* and has no end */
        WHOLE("[\"timeout\", 0, 0, 1, 0, 3, 0, 0, 5, 1, -1, 2, 2, 3, 4, 5]", RELAYS),
        WHOLE("[\"timeout\", 0, 0, 1, 0, 3, 0, 0, 5, 1, -2, 2, 2, 3, 4, 5]", RELAYS),
        WHOLE("[\"timeout\", 0, 0, 1, 0, 3, 0, 0, 0.5, 1, 1, 2, 2, 3, 4, 5]", RELAYS),
    };
    struct small_run run;
    init(&run);
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct results_outside outside;
        struct mistake m = {""};
        if (read_text(&run.plan, wrong[i], &outside, &m))
            fail_msg("taken: %s", wrong[i]);
        assert_true(strlen(m.text) > 0);
        assert_null(strchr(m.text, '\n'));
        assert_null(outside.relays);
    }
    small_run_fini(&run);
}

static void a_file_that_is_not_there(void **state) {
    (void)state;
    struct small_run run;
    struct results_outside outside;
    struct mistake m = {""};
    init(&run);
    assert_false(results_outside_read("/nowhere/measured.json", &run.plan, &outside, &m));
    assert_non_null(strstr(m.text, "/nowhere/measured.json"));
    small_run_fini(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_measured_becomes_results),
        cmocka_unit_test(the_bytes_of_a_second_are_those_of_its_samples),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(a_file_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
