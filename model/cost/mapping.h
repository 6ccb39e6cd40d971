/* mapping - which thread of a relay does a piece of work: its own, or the main thread. The second axis of cost.
 *
 * A simulated relay always runs Loom's core; the mapping says where a relay of another kind would have done the work
 * that a connection thread counted. Handshakes of circuits go to CPU workers in every relay and are not mapped: their
 * job has its own work. */
#ifndef LOOM_COST_MAPPING_H
#define LOOM_COST_MAPPING_H

#include "base/work.h"

enum cost_mapping {
    COST_VANILLA, /* all on the main thread, as tor: connection threads are of no use */
    COST_POC, /* the published prototype: sockets and TLS on the connection thread, cells on the main thread */
    COST_FULL /* this architecture: all where it was counted */
};

/* Part the work that a connection thread counted; own_out and main_out add up to delta. */
void cost_mapping_split(enum cost_mapping mapping, const struct work *delta, struct work *own_out,
                        struct work *main_out);

/* "vanilla", "poc" or "full", as scenarios write it. */
const char *cost_mapping_name(enum cost_mapping mapping);

#endif
