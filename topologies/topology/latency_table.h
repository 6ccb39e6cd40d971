/* latency_table - the latencies between countries as a small text, which simulations read (network/latency_table).
 *
 * Lines of a head that begin with '#', then one line a country in alphabetical order: its code and the latencies, one
 * way, in milliseconds with one decimal, to each country up to and including itself. */
#ifndef LOOM_TOPOLOGY_LATENCY_TABLE_H
#define LOOM_TOPOLOGY_LATENCY_TABLE_H

#include "topology/graph.h"

/* Raise latencies of self loops that are zero to the median of those that are not; return how many there were. */
uint32_t latency_table_raise_self(struct graph *graph);

/* Each node is another country of two letters, and each pair has an edge; otherwise say which node or pair, and return
 * false with nothing written. raised is what latency_table_raise_self returned. */
bool latency_table_write(const struct graph *graph, const char *file, const char *source, uint32_t raised,
                         FILE *out, FILE *errors);

#endif
