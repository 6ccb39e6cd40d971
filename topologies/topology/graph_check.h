/* graph_check - what a simulator needs of a graph; each fault is said with its node or edge. */
#ifndef LOOM_TOPOLOGY_GRAPH_CHECK_H
#define LOOM_TOPOLOGY_GRAPH_CHECK_H

#include "topology/graph.h"

#define GRAPH_FAULTS_SAID_MAX 20u

/* Every latency is above zero, every loss in [0, 1), every node has a self loop and can be reached from the first, no two
 * edges join the same nodes. Say up to GRAPH_FAULTS_SAID_MAX faults on errors; return how many there are. */
uint32_t graph_check(const struct graph *graph, const char *file, FILE *errors);

#endif
