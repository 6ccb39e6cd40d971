/* mapping - which thread of a relay does which work. The second axis of cost.
 *
 * A simulated relay always runs Loom's core; the mapping says on which of its threads (sim/sim_relay_state.h). Handshakes of
 * circuits go to CPU workers in every relay: their job has its own work. */
#ifndef LOOM_COST_MAPPING_H
#define LOOM_COST_MAPPING_H

enum cost_mapping {
    COST_VANILLA, /* all on the main thread, as tor: connection threads are of no use */
    COST_POC, /* the published prototype: sockets and TLS of links on connection threads, cells on the main thread */
    COST_FULL /* this architecture: all of a link where its socket is */
};

/* "vanilla", "poc" or "full", as scenarios write it. */
const char *cost_mapping_name(enum cost_mapping mapping);

#endif
