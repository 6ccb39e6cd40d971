/* graphml - a GraphML file as a list of nodes and a list of edges with their attributes as text, each with its line.
 *
 * What networkx writes is taken: keys that give attributes their names, one directed graph, nodes, edges, data. A document
 * type (with it entities), a second graph, and what names nothing are mistakes.
 * Memory: owns its text. Bound: GRAPHML_BYTES_MAX, GRAPHML_ITEMS_MAX, GRAPHML_KEYS_MAX. */
#ifndef LOOM_NETWORK_GRAPHML_H
#define LOOM_NETWORK_GRAPHML_H

#include <stddef.h>

#include "base/attributes.h"
#include "files/mistake.h"

#define GRAPHML_BYTES_MAX (16u << 20)
#define GRAPHML_ITEMS_MAX 65536u /* nodes, and edges; a model of tgen has some dozens */
#define GRAPHML_KEYS_MAX  64u

struct graphml_attribute {
    const char *name; /* of its key */
    char *value;      /* without blanks around it */
};

/* A node or an edge. */
struct graphml_item {
    uint32_t line;
    char *id;              /* of a node */
    char *source, *target; /* of an edge */
    struct graphml_attribute *attributes;
    uint32_t attribute_count;
};

struct graphml_key;

struct graphml {
    char *file; /* its name in mistakes */
    struct graphml_item *nodes, *edges;
    uint32_t node_count, edge_count;
    struct graphml_key *keys;
    uint32_t key_count;
};

/* On failure out holds nothing. */
MUST_USE bool graphml_parse(const char *file, const char *text, size_t length, struct graphml *out,
                            struct mistake *mistake);
void graphml_fini(struct graphml *graph);

/* NULL when item has no such attribute. */
const char *graphml_attribute(const struct graphml_item *item, const char *name);
/* NULL when there is none. */
const struct graphml_item *graphml_node(const struct graphml *graph, const char *id);
/* Say "file:line: key: ...". Always false. */
bool graphml_mistake(const struct graphml *graph, const struct graphml_item *item, const char *key,
                     struct mistake *mistake, const char *format, ...) PRINTF_LIKE(5, 6);

#endif
