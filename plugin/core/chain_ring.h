/* chain_ring - chains of messages that go from one thread to another, in order: a ring with one sender and one receiver.
 *
 * A chain is a linked list of cells, or of control messages, that is handed over whole; the ring does not look inside.
 * Thread: chain_ring_push on the sender's thread, published and pop on the receiver's; init and fini while neither runs.
 * Bound: slots chains. */
#ifndef LOOM_CORE_CHAIN_RING_H
#define LOOM_CORE_CHAIN_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"

/* Zero is the empty chain. */
struct chain {
    void *first;
    void *last;
    uint32_t count;
};

struct chain_ring {
    struct chain *slots;
    uint32_t mask;         /* slots - 1 */
    uint8_t gap_1[64];     /* the sender's and the receiver's index on cache lines of their own */
    _Atomic uint32_t tail; /* chains pushed so far, modulo 2^32: written by the sender */
    uint8_t gap_2[64];
    _Atomic uint32_t head; /* chains popped so far: written by the receiver */
};

/* slots is a power of two. False without memory. */
MUST_USE bool chain_ring_init(struct chain_ring *ring, const struct memory *memory, uint32_t slots);
/* What is still inside is forgotten. */
void chain_ring_fini(struct chain_ring *ring, const struct memory *memory);

/* Publish the chain and leave it empty; false, with the chain as it was, when every slot is taken. */
MUST_USE bool chain_ring_push(struct chain_ring *ring, struct chain *chain);
/* How far the sender has got: a limit for chain_ring_pop. */
uint32_t chain_ring_published(const struct chain_ring *ring);
/* True when the receiver has popped everything before the limit. */
bool chain_ring_is_at(const struct chain_ring *ring, uint32_t limit);
/* The next chain before the limit; false when there is none. */
MUST_USE bool chain_ring_pop(struct chain_ring *ring, uint32_t limit, struct chain *chain_out);

#endif
