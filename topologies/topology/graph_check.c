#include "topology/graph_check.h"

#include <stdarg.h>
#include <stdlib.h>

struct faults {
    const struct graph *graph;
    const char *file;
    FILE *errors;
    uint32_t count;
};

static bool is_said(struct faults *f) {
    return f->count++ < GRAPH_FAULTS_SAID_MAX;
}

static void node_fault(struct faults *f, uint32_t node, const char *expected) {
    if (is_said(f))
        fprintf(f->errors, "%s: node %s: %s\n", f->file, f->graph->nodes[node].name, expected);
}

static void edge_fault(struct faults *f, const struct graph_edge *edge, const char *expected) {
    if (is_said(f))
        fprintf(f->errors, "%s: edge %s - %s: %s\n", f->file, f->graph->nodes[edge->from].name,
                f->graph->nodes[edge->to].name, expected);
}

static void check_values(struct faults *f) {
    for (uint32_t i = 0; i < f->graph->edge_count; i++) {
        const struct graph_edge *edge = &f->graph->edges[i];
        if (edge->latency_us == GRAPH_LATENCY_BAD)
            edge_fault(f, edge, "expected a latency with a known unit, or in milliseconds");
        else if (edge->latency_us == 0)
            edge_fault(f, edge, "expected a latency above 0");
        if (!(edge->loss >= 0 && edge->loss < 1))
            edge_fault(f, edge, "expected a packet loss from 0 to less than 1");
    }
}

/* The smallest node that root stands for: a union-find with path halving. */
static uint32_t root_of(uint32_t *parent, uint32_t node) {
    while (parent[node] != node) {
        parent[node] = parent[parent[node]];
        node = parent[node];
    }
    return node;
}

static void check_reach(struct faults *f, uint32_t *parent) {
    uint32_t n = f->graph->node_count;
    for (uint32_t i = 0; i < n; i++)
        parent[i] = i;
    for (uint32_t i = 0; i < f->graph->edge_count; i++) {
        uint32_t a = root_of(parent, f->graph->edges[i].from), b = root_of(parent, f->graph->edges[i].to);
        parent[a < b ? b : a] = a < b ? a : b;
    }
    for (uint32_t i = 0; i < n; i++)
        if (root_of(parent, i) != 0)
            node_fault(f, i, "expected a way to the first node");
}

static void check_self_loops(struct faults *f, uint32_t *loops) {
    for (uint32_t i = 0; i < f->graph->node_count; i++)
        loops[i] = 0;
    for (uint32_t i = 0; i < f->graph->edge_count; i++)
        if (f->graph->edges[i].from == f->graph->edges[i].to)
            loops[f->graph->edges[i].from]++;
    for (uint32_t i = 0; i < f->graph->node_count; i++)
        if (loops[i] == 0)
            node_fault(f, i, "expected a self loop, for two hosts at the same node");
}

static int by_ends(const void *a, const void *b) {
    const struct graph_edge *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static bool check_pairs(struct faults *f) {
    uint32_t n = f->graph->edge_count;
    struct graph_edge *sorted = calloc((size_t)n + 1, sizeof(*sorted));
    if (!sorted)
        return false;
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = f->graph->edges[i];
    qsort(sorted, n, sizeof(*sorted), by_ends);
    for (uint32_t i = 1; i < n; i++)
        if (by_ends(&sorted[i - 1], &sorted[i]) == 0)
            edge_fault(f, &sorted[i], "expected one edge between two nodes");
    free(sorted);
    return true;
}

uint32_t graph_check(const struct graph *graph, const char *file, FILE *errors) {
    struct faults f = {graph, file, errors, 0};
    uint32_t *marks = calloc(graph->node_count, sizeof(*marks));
    check_values(&f);
    if (!marks || !check_pairs(&f)) {
        fprintf(errors, "%s: no memory for it\n", file);
        f.count++;
    } else {
        check_reach(&f, marks);
        check_self_loops(&f, marks);
    }
    free(marks);
    if (f.count > GRAPH_FAULTS_SAID_MAX)
        fprintf(errors, "%s: and %u more\n", file, f.count - GRAPH_FAULTS_SAID_MAX);
    return f.count;
}
