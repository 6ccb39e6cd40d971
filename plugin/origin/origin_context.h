/* origin_context - what the links, circuits and streams of one origin share: pools, generator, counters of its work, and
 * the list of those that have news for the user.
 *
 * Nothing here calls the user. An object with news puts itself on the ready list; origin_next_event (origin.h) takes the
 * news off, one event at a time. So no event needs memory, and none can be lost.
 * Owner: one thread. Memory: everything comes from config.memory. */
#ifndef LOOM_ORIGIN_ORIGIN_CONTEXT_H
#define LOOM_ORIGIN_ORIGIN_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "base/rng.h"
#include "base/slab.h"
#include "base/work.h"
#include "core/cell_pool.h"
#include "core/congestion_params.h"
#include "crypt/provider.h"

struct origin_config {
    struct congestion_params congestion; /* of the consensus */
    const struct memory *memory;
    const struct crypt_provider *crypt;
    uint64_t seed;           /* circuit ids, never keys */
    uint64_t unix_s_at_zero; /* wall clock when nsec was 0 */
    uint32_t links_max;
    uint32_t circuits_max;
    uint32_t streams_max;
    uint32_t cells_max;       /* queued to be sent, and received but not yet told to the user */
    uint32_t queue_cells_max; /* unsent cells of a circuit beyond which its streams take no more bytes */
};

/* Who is on the ready list. */
enum origin_owner { ORIGIN_OWNER_LINK, ORIGIN_OWNER_CIRCUIT, ORIGIN_OWNER_STREAM };

/* The part of a link, circuit or stream by which it tells that it has news: one bit for each kind. */
struct origin_ready {
    struct list entry;
    uint8_t owner;   /* enum origin_owner */
    uint8_t pending; /* the owner's bits; the lowest is told first */
};

struct origin {
    struct origin_config config;
    struct cell_pool cells;
    struct slab links, circuits, hops, handshakes, streams;
    struct list ready;   /* struct origin_ready, first come first served */
    struct list starved; /* streams that could not send because the pool had no cell */
    struct cell *lent;   /* holds the bytes of the event told last */
    struct rng rng;
    struct work work;
};

/* Seconds since 1970 at now. */
static inline uint64_t origin_unix_s(const struct origin *o, nsec now) {
    return o->config.unix_s_at_zero + now / NSEC_PER_S;
}

void origin_ready_init(struct origin_ready *ready, enum origin_owner owner);
/* There is news of the kind `bit`. */
void origin_ready_raise(struct origin *o, struct origin_ready *ready, uint8_t bit);
/* The news of these kinds has been told, or is not wanted any more. */
void origin_ready_lower(struct origin_ready *ready, uint8_t bits);
/* The lowest bit of what is pending; 0 when nothing is. */
uint8_t origin_ready_first(const struct origin_ready *ready);

/* Put back all cells of run. */
void origin_cells_drop(struct origin *o, struct cell_run *run);

#endif
