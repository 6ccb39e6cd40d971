/* loom-topology: graphs of nodes and latencies, made, checked and looked at. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topology/geography.h"
#include "topology/graph.h"
#include "topology/graph_check.h"
#include "topology/latency_table.h"

#define EXIT_USAGE 2
#define CITIES     "cities:"

static const char usage[] =
    "usage: loom-topology generate GRAPH OUT [SOURCE]   write GRAPH as OUT (.gml, .graphml or .latency), its self\n"
    "                                                   loops of 0 raised to the median of the others\n"
    "       loom-topology check GRAPH                   say what a simulation could not use\n"
    "       loom-topology place GRAPH COUNTRY...        say which node hosts of a country are put on\n"
    "       loom-topology show GRAPH                    counts and latencies\n"
    "GRAPH ends in .gml or .graphml; gml:- and graphml:- are standard input; and cities:FILE makes countries by the\n"
    "distances of their cities, of which FILE is a zone.tab. SOURCE is named in OUT.\n";

static bool load_cities(const char *path, struct graph *graph) {
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    bool ok = geography_read(path, file, graph, stderr);
    fclose(file);
    return ok;
}

/* "gml:-" is standard input in that form, "cities:FILE" a file of places. */
static bool load(const char *argument, struct graph *graph) {
    if (strcmp(argument, "gml:-") == 0)
        return graph_read("-", GRAPH_GML, graph, stderr);
    if (strcmp(argument, "graphml:-") == 0)
        return graph_read("-", GRAPH_GRAPHML, graph, stderr);
    if (strncmp(argument, CITIES, strlen(CITIES)) == 0)
        return load_cities(argument + strlen(CITIES), graph);
    return graph_read(argument, graph_format_of(argument), graph, stderr);
}

static bool write_as(const struct graph *graph, const char *file, const char *source, uint32_t raised,
                     enum graph_format format, FILE *out) {
    switch (format) {
    case GRAPH_GML: return graph_write_gml(graph, out);
    case GRAPH_GRAPHML: return graph_write_graphml(graph, out);
    case GRAPH_TABLE: return latency_table_write(graph, file, source, raised, out, stderr);
    case GRAPH_FORMAT_UNKNOWN: break;
    }
    fprintf(stderr, "loom-topology: expected an output that ends in .gml, .graphml or .latency\n");
    return false;
}

/* Under another name first: whoever looks sees the old file or the whole new one. */
static bool save(const struct graph *graph, char *const arguments[], const char *source, uint32_t raised) {
    const char *path = arguments[1];
    char temporary[4096];
    int length = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
    int fd = length > 0 && (size_t)length < sizeof(temporary) ? mkstemp(temporary) : -1;
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out) {
        fprintf(stderr, "%s: cannot write beside it: %s\n", path, strerror(errno));
        return false;
    }
    bool ok = write_as(graph, arguments[0], source, raised, graph_format_of(path), out);
    bool is_written = fflush(out) == 0 && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    is_written = fclose(out) == 0 && is_written;
    if (ok && is_written && rename(temporary, path) == 0)
        return true;
    if (ok)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    unlink(temporary);
    return false;
}

static int generate(struct graph *graph, char *const arguments[]) {
    uint32_t raised = latency_table_raise_self(graph);
    if (graph_check(graph, arguments[0], stderr) > 0)
        return EXIT_FAILURE;
    return save(graph, arguments, arguments[2] ? arguments[2] : arguments[0], raised) ? EXIT_SUCCESS
                                                                                      : EXIT_FAILURE;
}

static int check(struct graph *graph, char *const arguments[]) {
    uint32_t faults = graph_check(graph, arguments[0], stderr);
    if (faults == 0)
        printf("%s: %u nodes, %u edges, no fault\n", arguments[0], graph->node_count, graph->edge_count);
    return faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const char *node_in(const struct graph *graph, const char *country) {
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (strcmp(graph->nodes[i].country, country) == 0)
            return graph->nodes[i].name;
    return NULL;
}

static int place(struct graph *graph, char *const arguments[]) {
    for (int i = 1; arguments[i]; i++)
        if (!node_in(graph, arguments[i])) {
            fprintf(stderr, "%s: no node has the country %s\n", arguments[0], arguments[i]);
            return EXIT_FAILURE;
        }
    for (int i = 1; arguments[i]; i++)
        printf("%s %s\n", arguments[i], node_in(graph, arguments[i]));
    return EXIT_SUCCESS;
}

static int by_latency(const void *a, const void *b) {
    const struct graph_edge *x = a, *y = b;
    return x->latency_us < y->latency_us ? -1 : x->latency_us > y->latency_us;
}

static int show(struct graph *graph, char *const arguments[]) {
    uint32_t loops = 0;
    uint32_t n = graph->edge_count;
    for (uint32_t i = 0; i < n; i++)
        loops += graph->edges[i].from == graph->edges[i].to;
    printf("%s\nnodes %u\nedges %u, self loops %u\n", arguments[0], graph->node_count, n, loops);
    if (n == 0)
        return EXIT_SUCCESS;
    qsort(graph->edges, n, sizeof(*graph->edges), by_latency);
    uint32_t middle = n / 2;
    printf("latency, ms: least %.3f, median %.3f, most %.3f\n", (double)graph->edges[0].latency_us / 1000,
           (double)graph->edges[middle].latency_us / 1000, (double)graph->edges[n - 1].latency_us / 1000);
    return EXIT_SUCCESS;
}

static const struct command {
    const char *name;
    int least, most; /* arguments */
    int (*run)(struct graph *graph, char *const arguments[]);
} commands[] = {
    {"generate", 2, 3, generate}, {"check", 1, 1, check}, {"place", 2, 4096, place}, {"show", 1, 1, show}};

int main(int argc, char *argv[]) {
    const struct command *command = NULL;
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0 && argc - 2 >= commands[i].least &&
            argc - 2 <= commands[i].most)
            command = &commands[i];
    if (!command) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    struct graph graph;
    if (!load(argv[2], &graph))
        return EXIT_FAILURE;
    int status = command->run(&graph, argv + 2);
    graph_fini(&graph);
    return status;
}
