#include "sim/results.h"

#include <stdlib.h>

#include "files/file_text.h"
#include "sim/results_scratch.h"
#include "sim/results_small.h"
#include "support/test.h"

static void write_run(const char *name) {
    char path[128];
    struct small_run run;
    struct results_summary summary;
    struct results_folder folder;
    struct mistake m = {""};
    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    small_run_init(&run);
    const struct results_source source = small_run_source(&run);
    assert_true(results_summary_make(&source, &summary));
    if (!results_folder_open(path, &folder, &m) || !results_write(&folder, &source, &summary, &m) ||
        !results_folder_close(&folder, &m))
        fail_msg("%s", m.text);
    results_summary_fini(&summary);
    small_run_fini(&run);
}

static struct file_text read_result(const char *name) {
    char path[256];
    struct file_text text;
    struct mistake m = {""};
    snprintf(path, sizeof(path), "%s/%s", scratch, name);
    if (!file_text_read(path, 1u << 20, &text, &m))
        fail_msg("%s", m.text);
    return text;
}

static void assert_has(const char *name, const char *expected) {
    struct file_text text = read_result(name);
    if (!strstr(text.bytes, expected))
        fail_msg("%s: expected %s in %s", name, expected, text.bytes);
    file_text_fini(&text);
}

static json_t *read_plot(const char *name) {
    char path[128];
    snprintf(path, sizeof(path), "a/tornet.plot.data/%s.json", name);
    struct file_text text = read_result(path);
    json_t *json = json_loads(text.bytes, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    file_text_fini(&text);
    return json;
}

static void series(void **state) {
    (void)state;
    write_run("a");
    assert_has("a/relays.csv",
               "relay1guard,guard,DE,2,1125000,0,12500000,slow,tor,0,1,0,20000,40,1001000000,1000000000,20,"
               "10,4,8000000,5\n");
    assert_has("a/threads.csv", "relay2exit,1,worker,1000000,0,0,0,0,");
    assert_has("a/relay_series.csv", "2000000000,relay1guard,0,10000,20,0,480000000,5,10,0,0\n");
    assert_has("a/transfers.csv",
               "0,perf,0,1048576,timeout,1048576,relay1guard,,relay2exit,0,0,1500000000,1500000000,"
               "1500000000,1501000000,1800000000,\n");
    assert_has("a/manifest.json", "\"prices\": \"no CPU model\"");
    assert_has("a/manifest.json", "\"circuit_timeout_s\": 60");
}

static void under_the_names_of_tornettools(void **state) {
    (void)state;
    json_t *first = read_plot("time_to_first_byte_recv.exit");
    assert_int_equal(json_array_size(json_object_get(first, "ALL")), 1);
    assert_true(json_real_value(json_array_get(json_object_get(first, "51200"), 0)) == 0.099);
    json_t *errors = read_plot("error_rate.exit");
    assert_true(json_real_value(json_array_get(json_array_get(json_object_get(errors, "timeout"), 0), 0)) ==
                50.0);
    json_t *relays = read_plot("relay_goodput");
    assert_int_equal(json_object_size(relays), 2);
    assert_int_equal(json_integer_value(json_object_get(relays, "1")), 20000);
    json_t *trips = read_plot("round_trip_time.exit");
    assert_int_equal(json_array_size(trips), 1);
    assert_true(json_real_value(json_array_get(trips, 0)) == 0.097);
    json_t *builds = read_plot("perfclient_circuit_build_time.exit");
    assert_int_equal(json_array_size(builds), 1);
    assert_true(json_real_value(json_array_get(builds, 0)) == 0.08);
    json_decref(builds);
    json_t *goodput = read_plot("perfclient_goodput.exit");
    assert_int_equal(json_array_size(goodput), 0);
    json_t *info = read_plot("simulation_info");
    assert_true(json_real_value(json_object_get(info, "net_scale")) == 1.0);
    json_decref(first);
    json_decref(errors);
    json_decref(relays);
    json_decref(trips);
    json_decref(goodput);
    json_decref(info);
}

static void the_same_run_gives_the_same_bytes(void **state) {
    (void)state;
    write_run("b");
    struct file_text a = read_result("a/results.sha256");
    struct file_text b = read_result("b/results.sha256");
    assert_string_equal(a.bytes, b.bytes);
    uint32_t lines = 0;
    for (const char *c = a.bytes; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 6 + 9);
    file_text_fini(&a);
    file_text_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series),
        cmocka_unit_test(under_the_names_of_tornettools),
        cmocka_unit_test(the_same_run_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
