#include "sim/scenario_inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/scenario_small.h"
#include "support/test.h"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    memcpy(folder, "/tmp/loom-inputs.XXXXXX", 24);
    return mkdtemp(folder) ? 0 : 1;
}

static void path_in(const char *name, char out[static 128]) {
    snprintf(out, 128, "%s/%s", folder, name);
}

static int remove_folder(void **state) {
    (void)state;
    static const char *const names[] = {"s.yaml", "countries.latency", "relays"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[128];
        path_in(names[i], path);
        unlink(path);
    }
    return rmdir(folder);
}

static void put(const char *name, const char *text) {
    char path[128];
    path_in(name, path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

#define COLUMNS "weight capacity rate burst country flags\n"
#define TABLE   SMALL_HEAD SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC "topology: {latencies: countries.latency}\n"

static bool read_it(struct scenario_inputs *out, struct mistake *m) {
    char path[128];
    path_in("s.yaml", path);
    m->text[0] = '\0';
    return scenario_inputs_read(path, NULL, out, m);
}

static void an_inline_network(void **state) {
    (void)state;
    struct scenario_inputs in;
    struct mistake m;
    put("s.yaml", SMALL);
    put("countries.latency", "DE 1.0\n");
    if (!read_it(&in, &m))
        fail_msg("%s", m.text);
    assert_int_equal(in.relays.count, 1);
    assert_int_equal(in.relays.rows[0].capacity, 9000 * 125);
    assert_int_equal(in.count, 2);
    assert_string_equal(in.inputs[0].name, "s.yaml");
    assert_string_equal(in.inputs[1].key, "topology.latencies");
    assert_int_equal(strlen(in.inputs[1].sha256), 64);
    assert_false(in.has_prices);
    scenario_inputs_fini(&in);
}

/* Each must be refused with one line that ends so. */
static void files_that_are_not_right(void **state) {
    (void)state;
    static const struct {
        const char *scenario, *table, *latency, *mistake;
    } cases[] = {
        {TABLE "network: {relays: relays}\n", "weight\n", "DE 1.0\n", "/relays:1: expected the columns"},
        {TABLE "network: {relays: relays}\n", COLUMNS "1 2 3 4 DE DF", "DE 1.0\n",
         "/relays: expected a whole table, found a last line without an end"},
        {TABLE "network: {relays: relays}\n", COLUMNS "1 2 3\n", "DE 1.0\n",
         "/relays:2: burst: expected a whole number from 0 to 1000000000000"},
        {TABLE "network: {relays: relays, rows: 2}\n", COLUMNS "1 2 3 4 DE DF\n", "DE 1.0\n",
         "/relays: expected 2 rows, found 1"},
        {TABLE "network: {relays: nowhere}\n", COLUMNS, "DE 1.0\n",
         "/s.yaml:12: network.relays: expected a file that can be read: "},
        {TABLE "network: {relays: relays}\n", COLUMNS "1 2 3 4 DE DF\n", "DE\n",
         "/countries.latency:1: DE: expected"},
        {SMALL_HEAD "network: {inline: [{country: d, weight: 1, capacity_kbit: 1}]}\ntopology: {latencies: "
                    "countries.latency}\n" SMALL_CLASSES SMALL_ARMS SMALL_TRAFFIC,
         "", "DE 1.0\n", "/s.yaml:5: network.inline[0].country: expected two capital letters, found \"d\""},
        {SMALL_HEAD SMALL_NETWORK
         "hardware: {tor_profile: relays, loom_profile: relays, classes: [{name: any, cores: "
         "1}]}\n" SMALL_ARMS SMALL_TRAFFIC,
         "calibrated: maybe\n", "DE 1.0\n", "/relays:1: expected a key \"profile\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scenario_inputs in;
        struct mistake m;
        put("s.yaml", cases[i].scenario);
        put("relays", cases[i].table);
        put("countries.latency", cases[i].latency);
        assert_false(read_it(&in, &m));
        if (!strstr(m.text, cases[i].mistake))
            fail_msg("%s: expected %s", m.text, cases[i].mistake);
        assert_null(strchr(m.text, '\n'));
    }
}

static void another_table_of_relays(void **state) {
    (void)state;
    char path[128], table[128];
    struct scenario_inputs in;
    struct mistake m = {""};
    path_in("s.yaml", path);
    path_in("relays", table);
    put("s.yaml", SMALL);
    put("countries.latency", "DE 1.0\n");
    put("relays", COLUMNS "1 2 3 4 DE DF\n5 6 7 8 DE G\n");
    assert_true(scenario_inputs_read(path, table, &in, &m));
    assert_int_equal(in.relays.count, 2);
    assert_string_equal(in.inputs[1].name, table);
    scenario_inputs_fini(&in);
    assert_false(scenario_inputs_read(path, "/nowhere", &in, &m));
    assert_non_null(strstr(m.text, "/nowhere: "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inline_network),
        cmocka_unit_test(files_that_are_not_right),
        cmocka_unit_test(another_table_of_relays),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
