/* circuit_half - one side of a circuit: its keys, if it is the side towards the origin, and the cells that wait for its
 * link.
 *
 * Owner: the manager of the link that it is on. The half towards the origin peels what comes from its link and wraps what
 * goes to it; the half away from the origin has no keys and only moves cells (tor-spec 5.5).
 * Bound: queue_max cells wait; beyond that the circuit is closed (param circ_max_cell_queue_size). */
#ifndef LOOM_CORE_CIRCUIT_HALF_H
#define LOOM_CORE_CIRCUIT_HALF_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/work.h"
#include "core/cell_pool.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "wire/cell.h"
#include "wire/relay_cell.h"

struct layer_store;

#define RELAY_EARLY_MAX 8u  /* tor-spec 5.6 */
#define HALF_RUN_MAX    64u /* cells in one call of the cipher */

/* In the order in which a cell needs it: what peels it, then the queue. There are very many: what all have in common, the provider
 * of the cryptography, comes with each call. */
struct circuit_half {
    void *forward; /* layer, of the manager's store; NULL: no keys */
    uint32_t circ_id;
    uint16_t backward_at; /* the other layer, so many bytes behind */
    uint8_t relay_early_left;
    uint8_t layer_kind;    /* enum layer_kind; with keys */
    struct cell_run queue; /* waiting for the link, wrapped */
    uint32_t queue_max;
    uint32_t cells_sent; /* to the link and to destinations; may wrap */
};
static_assert(sizeof(struct circuit_half) <= 48, "there are very many");

void circuit_half_init(struct circuit_half *half, uint32_t circ_id, uint32_t queue_max);
/* The half moves to another manager: its keys go into buffer (NULL: it has none), and from there into the other store. ERR_LIMIT
 * at the bound or without memory, then they are still there; dropped, the half has none. */
void circuit_half_leave(struct circuit_half *half, struct layer_store *store, void *buffer);
MUST_USE enum err circuit_half_arrive(struct circuit_half *half, struct layer_store *store);
void circuit_half_drop(struct circuit_half *half, const struct layer_store *store);
/* The queue must be empty. */
void circuit_half_fini(struct circuit_half *half, struct layer_store *store);
/* Become a half with keys, which are kept in store. ERR_LIMIT without memory. */
MUST_USE enum err circuit_half_set_keys(struct circuit_half *half, struct layer_store *store,
                                        const struct circuit_keys *keys);
static inline bool circuit_half_has_keys(const struct circuit_half *half) {
    return half->forward != NULL;
}
/* With keys: what both ends of this hop know besides them (rend-spec-v3 3.1.1), NTOR_KH_LEN bytes. */
const uint8_t *circuit_half_kh(const struct circuit_half *half, const struct crypt_provider *crypt);
/* How relay messages between us and the origin are written, and how long the tags of their SENDMEs are; with keys. */
static inline enum relay_format circuit_half_format(const struct circuit_half *half) {
    return layer_format((enum layer_kind)half->layer_kind);
}
static inline uint8_t circuit_half_tag_length(const struct circuit_half *half) {
    return layer_tag_length((enum layer_kind)half->layer_kind);
}

/* Take n cells from the link (at most HALF_RUN_MAX) out of the read buffer into cells, peeling our layer on the way when
 * we have keys. The commands and lengths of the cells are set, their owners may do with them as they like. */
void circuit_half_receive(struct circuit_half *half, const struct crypt_provider *crypt,
                          const struct cell_view *views, struct cell **cells, uint32_t n, struct work *work);
/* Is this peeled cell, which circuit_half_receive has marked as perhaps ours, for us? Only for halves with keys, once for
 * each such cell, in the order in which they came. All others are not for us. */
bool circuit_half_recognizes(struct circuit_half *half, const struct crypt_provider *crypt, struct cell *cell,
                             struct work *work);
/* Bring what the next run needs into the cache, both ways. */
static inline void circuit_half_prefetch_forward(const struct circuit_half *half,
                                                 const struct crypt_provider *crypt) {
    if (half->forward)
        crypt->layer_prefetch(half->forward);
}
static inline void circuit_half_prefetch_backward(const struct circuit_half *half,
                                                  const struct crypt_provider *crypt) {
    if (half->forward)
        crypt->layer_prefetch((const uint8_t *)half->forward + half->backward_at);
}
/* Tag of the cell last recognized: what our SENDME must show. */
void circuit_half_received_tag(const struct circuit_half *half, const struct crypt_provider *crypt,
                               uint8_t out[static TAG_LEN_MAX]);

/* Queue a run that came from the other half, wrapping it when we have keys. ERR_LIMIT when the queue is full: the run
 * is queued all the same, and the circuit has to be closed. Hands over the run. */
MUST_USE enum err circuit_half_deliver(struct circuit_half *half, const struct crypt_provider *crypt,
                                       struct cell_run *run, struct work *work);
/* Seal, wrap and queue a relay message of our own for the origin, already encoded in cell's body. Hands over cell. tag_out,
 * unless NULL, receives the tag that a SENDME for it will show (TAG_LEN_MAX bytes). */
MUST_USE enum err circuit_half_originate(struct circuit_half *half, const struct crypt_provider *crypt,
                                         struct cell *cell, uint8_t *tag_out, struct work *work);
/* Queue a cell that is not a relay cell (CREATE2, CREATED2). Hands over cell. */
void circuit_half_queue_plain(struct circuit_half *half, struct cell *cell);

#endif
