#include "topology/geography.h"

#include <stdlib.h>

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct graph graph;
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
    FILE *errors = fopen("/dev/null", "w");
    if (file && errors && geography_read("zone.tab", file, &graph, errors)) {
        for (uint32_t i = 0; i < graph.edge_count; i++)
            if (graph.edges[i].latency_us < GEOGRAPHY_ACCESS_US ||
                graph.edges[i].latency_us > GEOGRAPHY_ACCESS_US + 20100 * GEOGRAPHY_KM_US)
                abort();
        graph_fini(&graph);
    }
    if (file)
        fclose(file);
    if (errors)
        fclose(errors);
    return 0;
}
