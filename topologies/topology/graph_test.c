#include "topology/graph.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/test.h"

/* Two countries as tornettools and Shadow 2 write them. */
static const char gml[] = "graph [\n"
                          "  directed 0\n"
                          "  node [ id 7 label \"n\" country_code \"de\" host_bandwidth_down \"1 Gbit\" ]\n"
                          "  node [ id 9 label \"m\" country_code \"US\" ]\n"
                          "  edge [ source 7 target 7 latency \"3 ms\" packet_loss 0.0 ]\n"
                          "  edge [ source 7 target 9 latency \"44.5 ms\" packet_loss 0.25 ]\n"
                          "]\n";

/* The same as Shadow 1 wrote it: text without units. */
static const char graphml[] =
    "<?xml version=\"1.0\"?><graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">"
    "<key attr.name=\"packetloss\" attr.type=\"string\" for=\"edge\" id=\"d9\" />"
    "<key attr.name=\"latency\" attr.type=\"string\" for=\"edge\" id=\"d7\" />"
    "<key attr.name=\"geocode\" attr.type=\"string\" for=\"node\" id=\"d2\" />"
    "<graph edgedefault=\"undirected\"><node id=\"7\"><data key=\"d2\">DE</data></node>"
    "<node id=\"9\"><data key=\"d2\">US</data></node>"
    "<edge source=\"7\" target=\"7\"><data key=\"d7\">3.0</data><data key=\"d9\">0.0</data></edge>"
    "<edge source=\"7\" target=\"9\"><data key=\"d7\">44.5</data><data key=\"d9\">0.25</data></edge>"
    "</graph></graphml>";

static bool read_text(const char *text, const char *ending, struct graph *out, char *error, size_t room) {
    char path[64];
    snprintf(path, sizeof(path), "/tmp/loom-graph-XXXXXX%s", ending);
    int fd = mkstemps(path, (int)strlen(ending));
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    FILE *errors = fmemopen(error, room, "w");
    assert_non_null(errors);
    bool ok = graph_read(path, graph_format_of(path), out, errors);
    fclose(errors);
    unlink(path);
    return ok;
}

static void assert_two_countries(const struct graph *g, const char *first, const char *second) {
    assert_int_equal(g->node_count, 2);
    assert_int_equal(g->edge_count, 2);
    assert_string_equal(g->nodes[0].name, first);
    assert_string_equal(g->nodes[0].country, "DE");
    assert_string_equal(g->nodes[1].name, second);
    assert_string_equal(g->nodes[1].country, "US");
    assert_int_equal(g->edges[0].latency_us, 3000);
    assert_true(g->edges[0].from == 0 && g->edges[0].to == 0);
    assert_int_equal(g->edges[1].latency_us, 44500);
    assert_true(g->edges[1].loss == 0.25);
}

static void both_forms_are_read(void **state) {
    (void)state;
    char error[512] = "";
    struct graph g;
    assert_true(read_text(gml, ".gml", &g, error, sizeof(error)));
    assert_two_countries(&g, "7", "9");
    graph_fini(&g);
    assert_true(read_text(graphml, ".graphml", &g, error, sizeof(error)));
    assert_two_countries(&g, "7", "9");
    graph_fini(&g);
    assert_string_equal(error, "");
}

/* GML numbers its nodes anew; GraphML keeps their names. */
static void what_is_written_is_read(void **state) {
    (void)state;
    char error[512] = "";
    char text[4096] = "";
    struct graph g, again;
    assert_true(read_text(gml, ".gml", &g, error, sizeof(error)));
    FILE *out = fmemopen(text, sizeof(text), "w");
    assert_true(graph_write_gml(&g, out));
    fclose(out);
    assert_true(read_text(text, ".gml", &again, error, sizeof(error)));
    assert_two_countries(&again, "0", "1");
    graph_fini(&again);

    memset(text, 0, sizeof(text));
    out = fmemopen(text, sizeof(text), "w");
    assert_true(graph_write_graphml(&g, out));
    fclose(out);
    assert_true(read_text(text, ".graphml", &again, error, sizeof(error)));
    assert_two_countries(&again, "7", "9");
    graph_fini(&again);
    graph_fini(&g);
}

static void what_cannot_be_understood_is_kept_as_such(void **state) {
    (void)state;
    char error[512] = "";
    struct graph g;
    assert_true(
        read_text("graph [ node [ id 1 ] edge [ source 1 target 1 latency \"soon\" packet_loss \"x\" ] ]",
                  ".gml", &g, error, sizeof(error)));
    assert_string_equal(g.nodes[0].country, "");
    assert_int_equal(g.edges[0].latency_us, GRAPH_LATENCY_BAD);
    assert_true(isnan(g.edges[0].loss));
    graph_fini(&g);
}

static void broken_files(void **state) {
    (void)state;
    static const struct {
        const char *text, *ending, *error;
    } cases[] = {
        {"graph [ node [ id 1 ", ".gml", "expected a graph in GML"},
        {"graph [ edge [ source 1 target 2 ] ]", ".gml", "expected a graph in GML"},
        {"", ".gml", "expected a graph in GML"},
        {"graph [ ]", ".gml", "expected 1 to 100000 nodes"},
        {"<graphml><graph>", ".graphml", "expected a graph in GraphML"},
        {"", ".graphml", "expected a graph in GraphML"},
        {gml, ".txt", "expected a name that ends in .gml or .graphml"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char error[512] = "";
        struct graph g;
        assert_false(read_text(cases[i].text, cases[i].ending, &g, error, sizeof(error)));
        if (!strstr(error, cases[i].error) || strchr(error, '\n') != error + strlen(error) - 1)
            fail_msg("case %zu: %s", i, error);
        assert_null(g.nodes);
    }
    char error[512] = "";
    struct graph g;
    FILE *errors = fmemopen(error, sizeof(error), "w");
    assert_false(graph_read("/nowhere/a.gml", GRAPH_GML, &g, errors));
    fclose(errors);
    assert_string_equal(error, "/nowhere/a.gml: No such file or directory\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_are_read),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_cannot_be_understood_is_kept_as_such),
        cmocka_unit_test(broken_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
