/* graph - a network of nodes and latencies, read from and written to GML and GraphML through igraph.
 *
 * Node attributes taken: country_code (or geocode, as Shadow 1 has it), label or id. Edge attributes: latency (a number
 * is milliseconds, text has its unit), packet_loss (or packetloss). Others are lost. What is there but cannot be
 * understood is kept as such, so that graph_check can name the node or the edge.
 * Memory: owns all that it holds. Bound: GRAPH_NODES_MAX, GRAPH_EDGES_MAX. */
#ifndef LOOM_TOPOLOGY_GRAPH_H
#define LOOM_TOPOLOGY_GRAPH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define GRAPH_NODES_MAX   100000
#define GRAPH_EDGES_MAX   20000000
#define GRAPH_NAME_MAX    64
#define GRAPH_COUNTRY_MAX 8
#define GRAPH_LATENCY_BAD (-1)

struct graph_node {
    char name[GRAPH_NAME_MAX];       /* for messages, and the node's id in files; a longer one is cut */
    char country[GRAPH_COUNTRY_MAX]; /* upper case; "" when it has none */
};

struct graph_edge {
    uint32_t from, to;  /* directions of the file are lost: from <= to */
    int64_t latency_us; /* or GRAPH_LATENCY_BAD */
    double loss;        /* NAN when it is there but no number */
};

struct graph {
    uint32_t node_count, edge_count;
    struct graph_node *nodes;
    struct graph_edge *edges;
};

enum graph_format { GRAPH_GML, GRAPH_GRAPHML, GRAPH_TABLE, GRAPH_FORMAT_UNKNOWN };

/* By the ending of a file's name: .gml, .graphml, .latency. */
enum graph_format graph_format_of(const char *path);

/* Read path ("-": standard input). On failure say why in one line on errors, and out holds nothing. */
bool graph_read(const char *path, enum graph_format format, struct graph *out, FILE *errors);
void graph_fini(struct graph *graph);

bool graph_write_gml(const struct graph *graph, FILE *out);
bool graph_write_graphml(const struct graph *graph, FILE *out);

#endif
