/* Graphs out of igraph's attributes; see graph.h. */
#include <ctype.h>
#include <errno.h>
#include <igraph.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "topology/graph.h"
#include "topology/latency.h"

/* igraph's words for its last error: its handlers take no context. */
static char last_error[512];

static void make_printable(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f || *text == '"')
            *text = '?';
}

static void keep_error(const char *reason, const char *file, int line, igraph_error_t error) {
    (void)file;
    (void)line;
    (void)error;
    snprintf(last_error, sizeof(last_error), "%s", reason);
    IGRAPH_FINALLY_FREE();
}

static void ignore_warning(const char *reason, const char *file, int line) {
    (void)reason;
    (void)file;
    (void)line;
}

/* The first of two names that an attribute of nodes or edges has; NULL when there is none. */
struct attribute {
    const char *name;
    bool is_number;
};

static struct attribute find_attribute(const igraph_t *g, igraph_attribute_elemtype_t of, const char *name,
                                       const char *other) {
    struct attribute found = {NULL, false};
    igraph_strvector_t names[3];
    igraph_vector_int_t types[3];
    const int which = of == IGRAPH_ATTRIBUTE_VERTEX ? 1 : 2;
    for (int i = 0; i < 3; i++) {
        igraph_strvector_init(&names[i], 0);
        igraph_vector_int_init(&types[i], 0);
    }
    igraph_cattribute_list(g, &names[0], &types[0], &names[1], &types[1], &names[2], &types[2]);
    for (igraph_integer_t i = 0; i < igraph_strvector_size(&names[which]); i++) {
        const char *here = igraph_strvector_get(&names[which], i);
        bool is_first = strcmp(here, name) == 0;
        if (!is_first && (found.name || strcmp(here, other) != 0))
            continue;
        found.name = is_first ? name : other;
        found.is_number = VECTOR(types[which])[i] == IGRAPH_ATTRIBUTE_NUMERIC;
    }
    for (int i = 0; i < 3; i++) {
        igraph_strvector_destroy(&names[i]);
        igraph_vector_int_destroy(&types[i]);
    }
    return found;
}

/* Text of a node for messages and, quoted, for files. */
static void node_text(const igraph_t *g, struct attribute a, igraph_integer_t node, char *out, size_t room) {
    out[0] = '\0';
    if (a.name && a.is_number)
        snprintf(out, room, "%.0f", VAN(g, a.name, node));
    else if (a.name)
        snprintf(out, room, "%s", VAS(g, a.name, node));
    make_printable(out);
}

static void take_nodes(const igraph_t *g, struct graph *out) {
    struct attribute country = find_attribute(g, IGRAPH_ATTRIBUTE_VERTEX, "country_code", "geocode");
    struct attribute name = find_attribute(g, IGRAPH_ATTRIBUTE_VERTEX, "id", "label");
    for (uint32_t i = 0; i < out->node_count; i++) {
        struct graph_node *node = &out->nodes[i];
        node_text(g, name, i, node->name, sizeof(node->name));
        node_text(g, country, i, node->country, sizeof(node->country));
        for (char *c = node->country; *c; c++)
            *c = (char)toupper((unsigned char)*c);
    }
}

static double number_of(const char *text) {
    char *end;
    double value = strtod(text, &end);
    return end == text || *end ? NAN : value;
}

static void take_edges(const igraph_t *g, struct graph *out) {
    struct attribute latency = find_attribute(g, IGRAPH_ATTRIBUTE_EDGE, "latency", "latency");
    struct attribute loss = find_attribute(g, IGRAPH_ATTRIBUTE_EDGE, "packet_loss", "packetloss");
    for (uint32_t i = 0; i < out->edge_count; i++) {
        struct graph_edge *edge = &out->edges[i];
        uint32_t a = (uint32_t)IGRAPH_FROM(g, i), b = (uint32_t)IGRAPH_TO(g, i);
        edge->from = a < b ? a : b;
        edge->to = a < b ? b : a;
        bool ok =
            latency.name && (latency.is_number ? latency_from_ms(EAN(g, latency.name, i), &edge->latency_us)
                                               : latency_parse(EAS(g, latency.name, i), &edge->latency_us));
        if (!ok)
            edge->latency_us = GRAPH_LATENCY_BAD;
        if (loss.name)
            edge->loss = loss.is_number ? EAN(g, loss.name, i) : number_of(EAS(g, loss.name, i));
    }
}

static bool take(const igraph_t *g, const char *path, struct graph *out, FILE *errors) {
    igraph_integer_t nodes = igraph_vcount(g);
    igraph_integer_t edges = igraph_ecount(g);
    if (nodes < 1 || nodes > GRAPH_NODES_MAX || edges > GRAPH_EDGES_MAX) {
        fprintf(errors, "%s: expected 1 to %d nodes and at most %d edges, found %lld and %lld\n", path,
                GRAPH_NODES_MAX, GRAPH_EDGES_MAX, (long long)nodes, (long long)edges);
        return false;
    }
    out->node_count = (uint32_t)nodes;
    out->edge_count = (uint32_t)edges;
    out->nodes = calloc((size_t)nodes, sizeof(*out->nodes));
    out->edges = calloc((size_t)edges + 1, sizeof(*out->edges));
    if (!out->nodes || !out->edges) {
        fprintf(errors, "%s: no memory for it\n", path);
        return false;
    }
    take_nodes(g, out);
    take_edges(g, out);
    return true;
}

static bool read_from(FILE *file, const char *path, enum graph_format format, struct graph *out,
                      FILE *errors) {
    igraph_t g;
    igraph_set_attribute_table(&igraph_cattribute_table);
    igraph_set_error_handler(keep_error);
    igraph_set_warning_handler(ignore_warning);
    last_error[0] = '\0';
    igraph_error_t e =
        format == GRAPH_GML ? igraph_read_graph_gml(&g, file) : igraph_read_graph_graphml(&g, file, 0);
    if (e != IGRAPH_SUCCESS) {
        make_printable(last_error);
        fprintf(errors, "%s: expected a graph in %s: %s\n", path, format == GRAPH_GML ? "GML" : "GraphML",
                last_error);
        return false;
    }
    bool ok = take(&g, path, out, errors);
    igraph_destroy(&g);
    return ok;
}

bool graph_read(const char *path, enum graph_format format, struct graph *out, FILE *errors) {
    *out = (struct graph){0};
    if (format != GRAPH_GML && format != GRAPH_GRAPHML) {
        fprintf(errors, "%s: expected a name that ends in .gml or .graphml\n", path);
        return false;
    }
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "rb");
    if (!file) {
        fprintf(errors, "%s: %s\n", path, strerror(errno));
        return false;
    }
    bool ok = read_from(file, path, format, out, errors);
    if (!is_input)
        fclose(file);
    if (!ok)
        graph_fini(out);
    return ok;
}
