#include "network/graphml.h"

#include <stdlib.h>

#include "support/fuzz.h"

/* What is taken has names for all that it has. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct graphml graph;
    struct mistake m;
    if (!graphml_parse("fuzz", (const char *)data, size, &graph, &m))
        return 0;
    for (uint32_t i = 0; i < graph.node_count; i++) {
        if (!graph.nodes[i].id || !graphml_node(&graph, graph.nodes[i].id))
            abort();
        for (uint32_t j = 0; j < graph.nodes[i].attribute_count; j++)
            if (!graphml_attribute(&graph.nodes[i], graph.nodes[i].attributes[j].name))
                abort();
    }
    for (uint32_t i = 0; i < graph.edge_count; i++)
        if (!graph.edges[i].source || !graph.edges[i].target)
            abort();
    graphml_fini(&graph);
    return 0;
}
