#include "topology/graph.h"

#include <igraph.h>
#include <stdlib.h>
#include <string.h>

enum graph_format graph_format_of(const char *path) {
    static const char *const endings[] = {".gml", ".graphml", ".latency"};
    size_t length = strlen(path);
    for (int i = 0; i < GRAPH_FORMAT_UNKNOWN; i++) {
        size_t n = strlen(endings[i]);
        if (length > n && strcmp(path + length - n, endings[i]) == 0)
            return (enum graph_format)i;
    }
    return GRAPH_FORMAT_UNKNOWN;
}

void graph_fini(struct graph *graph) {
    free(graph->nodes);
    free(graph->edges);
    *graph = (struct graph){0};
}

/* By hand, as igraph takes the underscores out of attribute names, and Shadow asks for them. */
bool graph_write_gml(const struct graph *graph, FILE *out) {
    fprintf(out, "graph [\n  directed 0\n");
    for (uint32_t i = 0; i < graph->node_count; i++)
        fprintf(out, "  node [\n    id %u\n    label \"%s\"\n    country_code \"%s\"\n  ]\n", i,
                graph->nodes[i].name, graph->nodes[i].country);
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        const struct graph_edge *edge = &graph->edges[i];
        fprintf(
            out,
            "  edge [\n    source %u\n    target %u\n    latency \"%lld us\"\n    packet_loss %.9g\n  ]\n",
            edge->from, edge->to, (long long)edge->latency_us, edge->loss);
    }
    fprintf(out, "]\n");
    return !ferror(out);
}

static void set_attributes(igraph_t *g, const struct graph *graph) {
    char latency[32];
    for (uint32_t i = 0; i < graph->node_count; i++) {
        SETVAS(g, "id", i, graph->nodes[i].name);
        SETVAS(g, "country_code", i, graph->nodes[i].country);
    }
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        snprintf(latency, sizeof(latency), "%lld us", (long long)graph->edges[i].latency_us);
        SETEAS(g, "latency", i, latency);
        SETEAN(g, "packet_loss", i, graph->edges[i].loss);
    }
}

bool graph_write_graphml(const struct graph *graph, FILE *out) {
    igraph_t g;
    igraph_vector_int_t ends;
    igraph_set_attribute_table(&igraph_cattribute_table);
    if (igraph_vector_int_init(&ends, 2 * (igraph_integer_t)graph->edge_count) != IGRAPH_SUCCESS)
        return false;
    for (uint32_t i = 0; i < graph->edge_count; i++) {
        VECTOR(ends)[2 * (size_t)i] = graph->edges[i].from;
        VECTOR(ends)[2 * (size_t)i + 1] = graph->edges[i].to;
    }
    bool ok = igraph_create(&g, &ends, graph->node_count, IGRAPH_UNDIRECTED) == IGRAPH_SUCCESS;
    igraph_vector_int_destroy(&ends);
    if (!ok)
        return false;
    set_attributes(&g, graph);
    ok = igraph_write_graph_graphml(&g, out, 0) == IGRAPH_SUCCESS && !ferror(out);
    igraph_destroy(&g);
    return ok;
}
