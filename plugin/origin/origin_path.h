/* origin_path - the hops of a circuit in order, and the cells on their way out along them: relay messages are encoded,
 * sealed for one hop, wrapped for those before it, and queued for the link.
 *
 * Owner: its circuit, which decides what to send; this unit knows how. Memory: cells and hops of the origin's pools.
 * Bound: ORIGIN_HOPS_MAX hops; DATA only while fewer than queue_cells_max cells wait; other messages are few. */
#ifndef LOOM_ORIGIN_ORIGIN_PATH_H
#define LOOM_ORIGIN_ORIGIN_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/list.h"
#include "core/cell_pool.h"
#include "core/circuit_flow.h"
#include "crypt/ntor.h"
#include "origin/origin_context.h"
#include "origin/origin_hop.h"
#include "wire/circuit_messages.h"
#include "wire/relay_cell.h"
#include "wire/stream_messages.h"

#define ORIGIN_HOPS_MAX 8u

struct origin_path {
    struct origin *origin;
    struct list writable;  /* among the paths of the link that have cells to send */
    struct list *outbox;   /* the head of that list */
    struct cell_run queue; /* wrapped */
    struct origin_hop *hops[ORIGIN_HOPS_MAX];
    uint32_t circ_id;
    uint8_t hop_count;
    bool is_lost; /* for want of memory a tag was not kept: the circuit cannot go on */
};

void origin_path_init(struct origin_path *path, struct origin *o, struct list *outbox, uint32_t circ_id);
/* A hop with these keys and terms at the end. ERR_LIMIT without memory. There are fewer than ORIGIN_HOPS_MAX. */
MUST_USE enum err origin_path_add(struct origin_path *path, const struct circuit_keys *keys,
                                  const struct circuit_terms *terms);
/* Drop all hops but the first keep. */
void origin_path_cut(struct origin_path *path, unsigned keep);
/* There is one. */
struct origin_hop *origin_path_last(const struct origin_path *path);

/* The path has something for the link. */
void origin_path_want_write(struct origin_path *path);
void origin_path_want_no_write(struct origin_path *path);
/* Queue a cell that is not a relay cell. Hands over cell. */
void origin_path_queue(struct origin_path *path, struct cell *cell, uint8_t command);

/* Send a relay message to hop number `to`. ERR_LIMIT without a cell. */
MUST_USE enum err origin_path_send(struct origin_path *path, unsigned to, uint8_t cell_command,
                                   const struct relay_message *m, enum cell_need need);
/* Circuit SENDME to the last hop for the DATA cell that it sent last. */
MUST_USE enum err origin_path_send_sendme(struct origin_path *path);
/* EXTEND2 in RELAY_EARLY, to the last hop. */
MUST_USE enum err origin_path_send_extend(struct origin_path *path, const struct extend2_message *m);
/* BEGIN, or BEGIN_DIR when `to` is NULL, to the last hop. */
MUST_USE enum err origin_path_send_begin(struct origin_path *path, uint16_t stream,
                                         const struct begin_message *to);

/* Package as much of bytes as the circuit's flow control, the stream's window (NULL: it has none) and the queue allow; returns how
 * much.
 * *starved_out says that the pool ran out of cells. */
size_t origin_path_package(struct origin_path *path, nsec now, uint16_t stream,
                           struct flow_window *stream_window, struct span bytes, bool *starved_out);

#endif
