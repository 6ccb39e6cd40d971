/* work - counters of what the relay did, never of what it cost.
 *
 * Owner: each manager, each link runtime and each CPU worker has one; nobody writes another's.
 * The same numbers are native metrics, the regressors of calibration, and what the simulator charges. */
#ifndef LOOM_BASE_WORK_H
#define LOOM_BASE_WORK_H

#include <stdint.h>

#define WORK_LIST(X)                                                                         \
    X(cells_received)   /* cells that links handed to the manager */                         \
    X(cells_sent)       /* cells that links took from the manager */                         \
    X(cells_crossed)    /* cells and raw chunks posted to another manager */                 \
    X(bytes_received)   /* link plaintext */                                                 \
    X(bytes_sent)       /* link plaintext */                                                 \
    X(edge_bytes_in)    /* exit streams: from the destination */                             \
    X(edge_bytes_out)   /* exit streams: to the destination */                               \
    X(edge_reads)       /* reads of their sockets */                                         \
    X(edge_writes)      /* and writes */                                                     \
    X(aes_bytes)        /* relay cipher */                                                   \
    X(digest_bytes)     /* relay digests */                                                  \
    X(cgo_bytes)        /* relay cells through a layer of counter galois onion */            \
    X(cgo_updates)      /* and changes of such a layer's keys */                             \
    X(crypt_runs)       /* calls of the relay cipher: runs of cells of one circuit */        \
    X(circuit_switches) /* runs whose circuit is not that of the run before */               \
    X(copy_bytes)       /* moves of cell bodies that no cipher made */                       \
    X(controls_posted)  /* control messages to another manager or the controller */          \
    X(wakes)            /* wakes of another thread asked for */                              \
    X(mailbox_flushes)  /* chains published to another manager */                            \
    X(scheduler_runs)                                                                        \
    X(scheduler_picks) /* runs granted to a circuit half */                                  \
    X(tcp_info_reads)  /* links whose TCP facts were asked for */                            \
    X(handshakes_ntor)                                                                       \
    X(handshakes_ntor_v3)                                                                    \
    X(handshakes_fast) /* CREATE_FAST */                                                     \
    X(handshakes_link)                                                                       \
    X(padding_sent) /* cells of padding, of links and of circuits */                         \
    X(circuits_opened)                                                                       \
    X(circuits_closed)                                                                       \
    X(circuits_congestion_control) /* opened with it */                                      \
    X(circuits_cgo)                /* and counter galois onion */                            \
    X(conflux_legs)                /* circuits taken into a conflux set */                   \
    X(conflux_messages)            /* of their streams, both ways */                         \
    X(conflux_switches)            /* SWITCHes sent */                                       \
    X(xoffs_sent)                  /* streams told to stop, because of a slow destination */ \
    X(xons_sent)                                                                             \
    X(tls_records_read)                                                                      \
    X(tls_records_written)                                                                   \
    X(tls_bytes_read)    /* from the sockets of links */                                     \
    X(tls_bytes_written) /* to the sockets of links */                                       \
    X(tls_aes256_bytes)  /* of records, sealed or opened: both directions */                 \
    X(tls_aes128_bytes)                                                                      \
    X(tls_chacha_bytes)                                                                      \
    X(reads)  /* reads of the sockets of links */                                            \
    X(writes) /* and writes */                                                               \
    X(loop_turns)                                                                            \
    X(loop_sleeps) /* of an event thread, until there was something to do */

struct work {
#define X(name) uint64_t name;
    WORK_LIST(X)
#undef X
};

/* Add every counter of part to sum. */
void work_add(struct work *sum, const struct work *part);

/* Counters gained since an earlier reading of the same object; delta may alias now or before. */
void work_since(struct work *delta_out, const struct work *now, const struct work *before);

/* Gauges of the working set: a cold circuit costs several times a hot one. */
struct working_set {
    uint32_t links;         /* open links of the manager */
    uint32_t links_active;  /* with a cell in the last second */
    uint32_t halves;        /* circuit halves of the manager */
    uint32_t halves_active; /* with a cell in the last second */
    uint32_t cells_waiting; /* when a cell left for a link: the mean over those of the last second */
};

#endif
