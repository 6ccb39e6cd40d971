/* dos_figures - what the defences have refused, under the names that tor's MetricsPort has for it (tor_relay_dos_total).
 *
 * Owner: each manager and the controller has one; nobody writes another's. */
#ifndef LOOM_CORE_DOS_FIGURES_H
#define LOOM_CORE_DOS_FIGURES_H

#include <stdint.h>

#define DOS_FIGURES(X)                                                                 \
    X(circuit_rejected)             /* CREATEs of an address that is refused */        \
    X(circuit_killed_max_cell)      /* a queue towards the origin was full */          \
    X(circuit_killed_max_cell_outq) /* a queue away from it was */                     \
    X(marked_address)               /* for too many circuits */                        \
    X(marked_address_maxq)          /* for full queues */                              \
    X(conn_rejected)                /* of an address that connects too often */        \
    X(concurrent_conn_rejected)     /* of one that has too many connections already */ \
    X(single_hop_refused)           /* rendezvous points for clients next to us */     \
    X(introduce2_rejected)                                                             \
    X(stream_rejected)

struct dos_figures {
#define X(name) uint64_t name;
    DOS_FIGURES(X)
#undef X
};

static inline void dos_figures_add(struct dos_figures *sum, const struct dos_figures *part) {
#define X(name) sum->name += part->name;
    DOS_FIGURES(X)
#undef X
}

#endif
