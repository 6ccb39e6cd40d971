/* directory_edges - the directory streams of a thread: BEGIN_DIR ends here, in a session of the directory server, on the
 * thread of its circuit. No connection, no other thread: the archive is on every thread. Only answers of several parts
 * (descriptors) go through a CPU worker, which packs them.
 *
 * As with other edges, what the port is asked for is only recorded, and directory_edges_carry_out acts.
 * Owner and thread: one event thread. Bound: DIRECTORY_STREAMS_MAX streams, and DIRECTORY_BYTES_MAX for them together; beyond
 * it the one on which nothing has moved for longest ends with RESOURCELIMIT. When that is DIRECTORY_IDLE_NS it ends with
 * TIMEOUT, because it keeps an old archive in memory. */
#ifndef LOOM_NATIVE_DIRECTORY_EDGES_H
#define LOOM_NATIVE_DIRECTORY_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "native/task.h"

#define DIRECTORY_STREAMS_MAX 4096u
#define DIRECTORY_BYTES_MAX   (64u << 20) /* a megabyte of descriptors, packed for one client, is half of one */
#define DIRECTORY_IDLE_NS     (60 * NSEC_PER_S)

struct archive;
struct begin_message;
struct manager;
struct onion_store;
struct turn_clock;

/* What the threads tell of it in the metrics. */
struct directory_figures {
    uint64_t requests, refused, diffs, bytes;
};

struct directory_edges {
    struct manager *manager;
    struct turn_clock *clock;
    struct task_queue tasks; /* that packs answers; submit NULL: nobody does */
    struct archive *archive; /* NULL before the first */
    struct onion_store *onions;
    struct table by_id;
    struct list changed; /* something was asked for */
    struct list by_age;  /* the one that has not moved for longest first */
    size_t bytes;        /* that the sessions hold for themselves: requests, lists of parts, what is packed */
    struct directory_figures figures;
};

/* Borrows clock and onions (NULL: we are no hidden service directory). What tasks brings back must come on this thread. */
void directory_edges_init(struct directory_edges *edges, struct turn_clock *clock,
                          const struct task_queue *tasks, struct onion_store *onions, uint64_t seed);
void directory_edges_bind(struct directory_edges *edges, struct manager *manager);
/* Ends everything and tells nobody. */
void directory_edges_fini(struct directory_edges *edges);
/* Sessions that begin from now on answer from this. Hands over a reference. */
void directory_edges_set_archive(struct directory_edges *edges, struct archive *archive);

/* What the port is asked for; an edge that is not ours is passed over. */
void directory_edges_open(struct directory_edges *edges, edge_id id, const struct begin_message *to);
void directory_edges_want_write(struct directory_edges *edges, edge_id id);
void directory_edges_want_read(struct directory_edges *edges, edge_id id, bool on);
void directory_edges_close(struct directory_edges *edges, edge_id id);

/* Do what was asked for since the last time. True when something was done. */
bool directory_edges_carry_out(struct directory_edges *edges);
nsec directory_edges_next_wake(const struct directory_edges *edges);
void directory_edges_tick(struct directory_edges *edges, nsec now);

#endif
