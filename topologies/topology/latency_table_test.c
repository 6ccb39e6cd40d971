#include "topology/latency_table.h"

#include "support/test.h"

static struct graph_node nodes[] = {{"x", "US"}, {"y", "DE"}, {"z", "FR"}};

static bool write_table(const struct graph *g, char *text, size_t text_room, char *error, size_t error_room) {
    FILE *out = fmemopen(text, text_room, "w");
    FILE *errors = fmemopen(error, error_room, "w");
    bool ok = latency_table_write(g, "g", "a graph", 1, out, errors);
    fclose(out);
    fclose(errors);
    return ok;
}

static void countries_in_order_and_zero_loops_raised(void **state) {
    (void)state;
    struct graph_edge edges[] = {{0, 0, 0, 0},     {1, 1, 2000, 0},  {2, 2, 7040, 0},
                                 {0, 1, 44096, 0}, {2, 0, 44950, 0}, {1, 2, 10, 0}};
    struct graph g = {3, COUNT(edges), nodes, edges};
    char text[1024] = "", error[256] = "";
    assert_int_equal(latency_table_raise_self(&g), 1);
    assert_int_equal(edges[0].latency_us, 7040);
    assert_int_equal(latency_table_raise_self(&g), 0);
    assert_true(write_table(&g, text, sizeof(text), error, sizeof(error)));
    assert_string_equal(
        text,
        "# Latencies between 3 countries, one way, in ms: to each country up to and including itself.\n"
        "# Derived by loom-topology generate from a graph; self loops raised from 0 to their median: 1.\n"
        "DE 2.0\n"
        "FR 0.1 7.0\n"
        "US 44.1 45.0 7.0\n");
    assert_string_equal(error, "");
}

static void what_is_no_table(void **state) {
    (void)state;
    struct graph_edge edges[] = {{0, 0, 1, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {0, 1, 1, 0}, {2, 0, 1, 0}};
    struct graph_node twice[] = {{"x", "US"}, {"y", "US"}, {"z", "FR"}},
                      odd[] = {{"x", "US"}, {"y", ""}, {"z", "FR"}};
    const struct {
        struct graph graph;
        const char *error;
    } cases[] = {
        {{3, 5, nodes, edges}, "g: edge y - z: expected an edge between each two countries\n"},
        {{3, 5, twice, edges}, "g: node y: expected each country once, US is also that of node x\n"},
        {{3, 5, odd, edges}, "g: node y: expected a country code of two letters\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024] = "", error[256] = "";
        assert_false(write_table(&cases[i].graph, text, sizeof(text), error, sizeof(error)));
        assert_string_equal(error, cases[i].error);
        assert_string_equal(text, "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_in_order_and_zero_loops_raised),
        cmocka_unit_test(what_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
