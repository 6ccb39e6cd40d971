#include "topology/graph_check.h"

#include <math.h>

#include "support/test.h"

static struct graph_node nodes[] = {{"a", "DE"}, {"b", "US"}, {"c", "FR"}};

static void one_line_for_each_fault(void **state) {
    (void)state;
    static const struct {
        struct graph_edge edges[8];
        uint32_t edge_count;
        const char *errors;
    } cases[] = {
        {{{0, 0, 1, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {0, 1, 1, 0}, {1, 2, 1, 0.5}}, 5, ""},
        {{{0, 0, 1, 0}, {1, 1, 0, 0}, {2, 2, 1, 0}, {0, 1, 1, 0}, {1, 2, 1, 0}},
         5,
         "g: edge b - b: expected a latency above 0\n"},
        {{{0, 0, 1, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {0, 1, GRAPH_LATENCY_BAD, 0}, {1, 2, 1, 0}},
         5,
         "g: edge a - b: expected a latency with a known unit, or in milliseconds\n"},
        {{{0, 0, 1, 0}, {1, 1, 1, 1}, {2, 2, 1, -1}, {0, 1, 1, NAN}, {1, 2, 1, 0}},
         5,
         "g: edge b - b: expected a packet loss from 0 to less than 1\n"
         "g: edge c - c: expected a packet loss from 0 to less than 1\n"
         "g: edge a - b: expected a packet loss from 0 to less than 1\n"},
        {{{0, 0, 1, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {1, 2, 1, 0}},
         4,
         "g: node b: expected a way to the first node\ng: node c: expected a way to the first node\n"},
        {{{0, 0, 1, 0}, {2, 2, 1, 0}, {0, 1, 1, 0}, {1, 2, 1, 0}},
         4,
         "g: node b: expected a self loop, for two hosts at the same node\n"},
        {{{0, 0, 1, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {0, 1, 1, 0}, {1, 2, 1, 0}, {0, 1, 2, 0}},
         6,
         "g: edge a - b: expected one edge between two nodes\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct graph_edge edges[8];
        memcpy(edges, cases[i].edges, sizeof(edges));
        const struct graph g = {3, cases[i].edge_count, nodes, edges};
        char text[1024] = "";
        FILE *errors = fmemopen(text, sizeof(text), "w");
        uint32_t lines = 0;
        for (const char *c = cases[i].errors; *c; c++)
            lines += *c == '\n';
        assert_int_equal(graph_check(&g, "g", errors), lines);
        fclose(errors);
        assert_string_equal(text, cases[i].errors);
    }
}

static void no_flood_of_lines(void **state) {
    (void)state;
    static struct graph_node many[100];
    char text[4096] = "";
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct graph_node){"n", ""};
    const struct graph g = {COUNT(many), 0, many, NULL};
    FILE *errors = fmemopen(text, sizeof(text), "w");
    assert_int_equal(graph_check(&g, "g", errors), 199);
    fclose(errors);
    uint32_t lines = 0;
    for (const char *c = text; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, GRAPH_FAULTS_SAID_MAX + 1);
    assert_non_null(strstr(text, "g: and 179 more\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_for_each_fault),
        cmocka_unit_test(no_flood_of_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
