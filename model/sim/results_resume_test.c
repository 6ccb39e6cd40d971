#include "sim/results_resume.h"

#include "sim/results.h"
#include "sim/results_scratch.h"
#include "sim/results_small.h"
#include "support/test.h"

static void write_run(const struct small_run *run, const char *path, struct results_summary *summary) {
    struct results_folder folder;
    struct mistake m = {""};
    const struct results_source source = small_run_source(run);
    assert_true(results_summary_make(&source, summary));
    if (!results_folder_open(path, &folder, &m) || !results_write(&folder, &source, summary, &m) ||
        !results_folder_close(&folder, &m))
        fail_msg("%s", m.text);
}

static void what_was_written_is_read_back(void **state) {
    (void)state;
    char path[128];
    struct small_run run;
    struct results_summary made, read;
    snprintf(path, sizeof(path), "%s/resume", scratch);
    small_run_init(&run);
    assert_false(results_resume(path, &run.plan, &read));
    write_run(&run, path, &made);
    assert_true(results_resume(path, &run.plan, &read));
    assert_int_equal(read.count, made.count);
    for (uint32_t i = 0; i < made.count; i++) {
        assert_string_equal(read.quantities[i].key, made.quantities[i].key);
        assert_string_equal(read.quantities[i].label, made.quantities[i].label);
        assert_string_equal(read.quantities[i].unit, made.quantities[i].unit);
        assert_int_equal(read.quantities[i].is_there, made.quantities[i].is_there);
        assert_true(read.quantities[i].value == made.quantities[i].value);
    }
    assert_memory_equal(read.outcomes, made.outcomes, sizeof(made.outcomes));
    assert_int_equal(read.relay_ns, made.relay_ns);
    assert_int_equal(read.cpu_bound_ns, made.cpu_bound_ns);
    results_summary_fini(&read);
    run.plan.seed++;
    assert_false(results_resume(path, &run.plan, &read));
    run.plan.seed--;
    run.inputs.scenario.duration_s++;
    assert_false(results_resume(path, &run.plan, &read));
    results_summary_fini(&made);
    small_run_fini(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_written_is_read_back)};
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
