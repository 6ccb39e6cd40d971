#include "topology/geography.h"

#include <string.h>

#include "support/test.h"

static bool read_text(const char *text, struct graph *out, char said[static 256]) {
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    FILE *errors = fmemopen(said, 256, "w");
    assert_non_null(file);
    assert_non_null(errors);
    bool ok = geography_read("zone.tab", file, out, errors);
    fclose(file);
    fclose(errors);
    return ok;
}

static const struct graph_edge *between(const struct graph *graph, const char *a, const char *b) {
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        const char *from = graph->nodes[edge->from].country, *to = graph->nodes[edge->to].country;
        if ((strcmp(from, a) == 0 && strcmp(to, b) == 0) || (strcmp(from, b) == 0 && strcmp(to, a) == 0))
            return edge;
    }
    fail_msg("no edge %s - %s", a, b);
    return NULL;
}

/* Berlin - New York is 6385 km, Berlin - Sydney 16100; half of the earth is 20015. */
static void test_latencies_follow_distances(void **state) {
    (void)state;
    struct graph graph;
    char said[256] = "";
    assert_true(read_text("# places\nDE\t+5230+01322\tEurope/Berlin\tmost of Germany\n"
                          "DE\t+4742+00841\tEurope/Busingen\n"
                          "US\t+404251-0740023\tAmerica/New_York\tEastern\n"
                          "AU\t-3133+15905\tAustralia/Lord_Howe\nAU\t-3352+15113\tAustralia/Sydney\n"
                          "XA\t+0000+00000\tA/A\nXB\t+0000+18000\tA/B\nXN\t+9000+00000\tA/N\n",
                          &graph, said));
    assert_int_equal(graph.node_count, 6);
    assert_int_equal(graph.edge_count, 21);
    assert_int_equal(between(&graph, "DE", "DE")->latency_us, GEOGRAPHY_ACCESS_US);
    assert_in_range(between(&graph, "DE", "US")->latency_us, 5000 + 5 * 6370, 5000 + 5 * 6400);
    assert_in_range(between(&graph, "DE", "AU")->latency_us, 5000 + 5 * 16000, 5000 + 5 * 16200);
    assert_in_range(between(&graph, "XA", "XB")->latency_us, 5000 + 5 * 20010, 5000 + 5 * 20020);
    assert_in_range(between(&graph, "XA", "XN")->latency_us, 5000 + 5 * 10005, 5000 + 5 * 10010);
    graph_fini(&graph);
}

static void test_mistakes_are_one_line(void **state) {
    (void)state;
    static const char *const broken[] = {
        "# nothing\n",
        "DE\n",
        "DE\t+5230+01322\n",
        "de\t+5230+01322\tEurope/Berlin\n",
        "DEU\t+5230+01322\tEurope/Berlin\n",
        "DE\t5230+01322\tEurope/Berlin\n",
        "DE\t+5230\tEurope/Berlin\n",
        "DE\t+5260+01322\tEurope/Berlin\n",
        "DE\t+9930+01322\tEurope/Berlin\n",
        "DE\t+5230+18122\tEurope/Berlin\n",
        "DE\t+5230+01322x\tEurope/Berlin\n",
        "DE\t+5x30+01322\tEurope/Berlin\n",
    };
    for (size_t i = 0; i < COUNT(broken); i++) {
        struct graph graph;
        char said[256] = "";
        assert_false(read_text(broken[i], &graph, said));
        assert_int_equal(strncmp(said, "zone.tab:", 9), 0);
        assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
        assert_null(graph.nodes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latencies_follow_distances),
        cmocka_unit_test(test_mistakes_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
