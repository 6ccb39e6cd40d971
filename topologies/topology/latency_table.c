#include "topology/latency_table.h"

#include <stdlib.h>
#include <string.h>

#define LATENCY_MISSING INT64_MIN

static int by_value(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_self(const struct graph_edge *edge) {
    return edge->from == edge->to;
}

/* 0 when no self loop is above zero. */
static int64_t median_self(const struct graph *graph) {
    size_t n = 0;
    int64_t *values = calloc((size_t)graph->edge_count + 1, sizeof(*values));
    if (!values)
        return 0;
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (is_self(&graph->edges[i]) && graph->edges[i].latency_us > 0)
            values[n++] = graph->edges[i].latency_us;
    qsort(values, n, sizeof(*values), by_value);
    int64_t median = n ? values[n / 2] : 0;
    free(values);
    return median;
}

uint32_t latency_table_raise_self(struct graph *graph) {
    int64_t median = median_self(graph);
    uint32_t raised = 0;
    for (uint32_t i = 0; i < graph->edge_count; i++)
        if (is_self(&graph->edges[i]) && graph->edges[i].latency_us == 0 && median > 0) {
            graph->edges[i].latency_us = median;
            raised++;
        }
    return raised;
}

/* Countries in order, and the latency of each pair of nodes. */
struct table {
    const struct graph *graph;
    const char *file;
    uint32_t *order;
    int64_t *latency; /* node_count times node_count */
};

static int64_t *cell(const struct table *t, uint32_t a, uint32_t b) {
    return &t->latency[(size_t)a * t->graph->node_count + b];
}

static bool is_country(const char *code) {
    return strlen(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z';
}

/* Insert nodes one by one in alphabetical order; there are a few hundred. */
static bool sort_countries(struct table *t, FILE *errors) {
    const struct graph_node *nodes = t->graph->nodes;
    for (uint32_t i = 0; i < t->graph->node_count; i++) {
        uint32_t at = i;
        if (!is_country(nodes[i].country)) {
            fprintf(errors, "%s: node %s: expected a country code of two letters\n", t->file, nodes[i].name);
            return false;
        }
        for (; at > 0 && strcmp(nodes[t->order[at - 1]].country, nodes[i].country) > 0; at--)
            t->order[at] = t->order[at - 1];
        t->order[at] = i;
        if (at > 0 && strcmp(nodes[t->order[at - 1]].country, nodes[i].country) == 0) {
            fprintf(errors, "%s: node %s: expected each country once, %s is also that of node %s\n", t->file,
                    nodes[i].name, nodes[i].country, nodes[t->order[at - 1]].name);
            return false;
        }
    }
    return true;
}

static bool fill_latencies(struct table *t, FILE *errors) {
    uint32_t n = t->graph->node_count;
    for (size_t i = 0; i < (size_t)n * n; i++)
        t->latency[i] = LATENCY_MISSING;
    for (uint32_t i = 0; i < t->graph->edge_count; i++) {
        const struct graph_edge *edge = &t->graph->edges[i];
        *cell(t, edge->from, edge->to) = *cell(t, edge->to, edge->from) = edge->latency_us;
    }
    for (uint32_t a = 0; a < n; a++)
        for (uint32_t b = 0; b <= a; b++)
            if (*cell(t, a, b) == LATENCY_MISSING) {
                fprintf(errors, "%s: edge %s - %s: expected an edge between each two countries\n", t->file,
                        t->graph->nodes[b].name, t->graph->nodes[a].name);
                return false;
            }
    return true;
}

static void put_rows(const struct table *t, FILE *out) {
    for (uint32_t i = 0; i < t->graph->node_count; i++) {
        fputs(t->graph->nodes[t->order[i]].country, out);
        for (uint32_t j = 0; j <= i; j++) {
            int64_t tenths = (*cell(t, t->order[i], t->order[j]) + 50) / 100;
            tenths = tenths > 0 ? tenths : 1;
            fprintf(out, " %lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
        }
        fputc('\n', out);
    }
}

bool latency_table_write(const struct graph *graph, const char *file, const char *source, uint32_t raised,
                         FILE *out, FILE *errors) {
    uint32_t n = graph->node_count;
    struct table t = {graph, file, calloc(n, sizeof(uint32_t)), NULL};
    t.latency = n <= 1024 ? calloc((size_t)n * n, sizeof(int64_t)) : NULL;
    bool ok = false;
    if (!t.order || !t.latency)
        fprintf(errors, "%s: expected at most 1024 countries, and memory for them\n", file);
    else
        ok = sort_countries(&t, errors) && fill_latencies(&t, errors);
    if (ok) {
        fprintf(
            out,
            "# Latencies between %u countries, one way, in ms: to each country up to and including itself.\n",
            n);
        fprintf(
            out,
            "# Derived by loom-topology generate from %s; self loops raised from 0 to their median: %u.\n",
            source, raised);
        put_rows(&t, out);
        ok = !ferror(out);
    }
    free(t.order);
    free(t.latency);
    return ok;
}
