#include "network/graphml.h"

#include "support/test.h"

#define HEAD                                                                  \
    "<?xml version='1.0' encoding='utf-8'?>\n"                                \
    "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n"             \
    "<key id=\"d0\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n" \
    "<key id=\"d1\" for=\"edge\" attr.name=\"weight\" attr.type=\"double\"/>\n"
#define GRAPH HEAD "<graph edgedefault=\"directed\">\n"
#define END   "</graph></graphml>\n"

static void nodes_and_edges_are_read(void **state) {
    (void)state;
    static const char text[] =
        GRAPH "<node id=\"a\"><data key=\"d0\">\n  one &amp; two\n</data></node>\n<node id=\"b\"/>\n"
              "<edge source=\"a\" target=\"b\"><data key=\"d1\">0.5</data></edge>\n" END;
    struct graphml graph;
    struct mistake m = {""};
    assert_true(graphml_parse("g", text, strlen(text), &graph, &m));
    assert_int_equal(graph.node_count, 2);
    assert_int_equal(graph.edge_count, 1);
    assert_ptr_equal(graphml_node(&graph, "a"), &graph.nodes[0]);
    assert_null(graphml_node(&graph, "c"));
    assert_string_equal(graphml_attribute(&graph.nodes[0], "name"), "one & two");
    assert_null(graphml_attribute(&graph.nodes[1], "name"));
    assert_string_equal(graph.edges[0].source, "a");
    assert_string_equal(graph.edges[0].target, "b");
    assert_string_equal(graphml_attribute(&graph.edges[0], "weight"), "0.5");
    assert_int_equal(graph.edges[0].line, 10);
    assert_false(graphml_mistake(&graph, &graph.edges[0], "weight", &m, "expected %d", 7));
    assert_string_equal(m.text, "g:10: weight: expected 7");
    graphml_fini(&graph);
}

static void mistakes_have_lines(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"", "g:1: expected XML: no element found"},
        {HEAD "</graphml>", "g:5: expected a graph"},
        {GRAPH "<node id=\"a\">", "g:6: expected XML: no element found"},
        {"<!DOCTYPE x [<!ENTITY a \"aaaa\">]>\n" GRAPH END, "g:1: expected no document type"},
        {HEAD "<graph edgedefault=\"undirected\"/></graphml>", "g:5: expected a directed graph"},
        {HEAD "<graph edgedefault=\"directed\"/><graph/></graphml>", "g:5: expected one graph"},
        {GRAPH "<node/>" END, "g:6: expected a node with an id"},
        {GRAPH "<edge target=\"a\"/>" END, "g:6: expected an edge with a source"},
        {GRAPH "<edge source=\"a\"/>" END, "g:6: expected an edge with a target"},
        {HEAD "<node id=\"a\"/></graphml>", "g:5: expected nodes in the graph alone"},
        {GRAPH "<node id=\"a\"><node id=\"b\"/></node>" END, "g:6: expected nodes in the graph alone"},
        {GRAPH "<node id=\"a\"><data key=\"d9\">x</data></node>" END,
         "g:6: expected data of a key that was named before"},
        {GRAPH "<data key=\"d0\">x</data>" END, "g:6: expected data of a node or an edge"},
        {GRAPH "<node id=\"a\"><data key=\"d0\">x</data>\n<data key=\"d0\">x</data></node>" END,
         "g:7: expected each attribute once"},
        {GRAPH "<node id=\"a\"><data key=\"d0\"><b/></data></node>" END, "g:6: expected text"},
        {GRAPH "<port/>" END, "g:6: expected key, graph, node, edge or data"},
        {"<graphml><key attr.name=\"x\"/></graphml>", "g:1: expected a key with an id"},
        {"<graphml><key id=\"x\"/></graphml>", "g:1: expected a key with attr.name"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct graphml graph;
        struct mistake m = {""};
        assert_false(graphml_parse("g", cases[i].text, strlen(cases[i].text), &graph, &m));
        assert_string_equal(m.text, cases[i].mistake);
        assert_null(graph.nodes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nodes_and_edges_are_read),
                                       cmocka_unit_test(mistakes_have_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
