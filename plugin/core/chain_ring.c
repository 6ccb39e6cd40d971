#include "core/chain_ring.h"

#include "base/check.h"

bool chain_ring_init(struct chain_ring *ring, const struct memory *memory, uint32_t slots) {
    CHECK(slots > 0 && (slots & (slots - 1)) == 0);
    ring->slots = memory_allocate(memory, slots * sizeof(struct chain));
    ring->mask = slots - 1;
    atomic_init(&ring->tail, 0);
    atomic_init(&ring->head, 0);
    return ring->slots != NULL;
}

void chain_ring_fini(struct chain_ring *ring, const struct memory *memory) {
    memory_release(memory, ring->slots, (ring->mask + 1) * sizeof(struct chain));
    ring->slots = NULL;
}

bool chain_ring_push(struct chain_ring *ring, struct chain *chain) {
    CHECK(chain->first != NULL);
    /* Relaxed: nobody but this thread writes tail. */
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    /* Acquire, pairs with the release in pop: the receiver has read the slot that is now overwritten. */
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    CHECK(tail - head <= ring->mask + 1);
    if (tail - head == ring->mask + 1)
        return false;
    ring->slots[tail & ring->mask] = *chain;
    *chain = (struct chain){0};
    /* Release, pairs with the acquire in published: the slot, and all that hangs on it, is seen with the index. */
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

uint32_t chain_ring_published(const struct chain_ring *ring) {
    /* Acquire, pairs with the release in push. */
    return atomic_load_explicit(&ring->tail, memory_order_acquire);
}

bool chain_ring_is_at(const struct chain_ring *ring, uint32_t limit) {
    /* Relaxed: nobody but this thread writes head. */
    return atomic_load_explicit(&ring->head, memory_order_relaxed) == limit;
}

bool chain_ring_pop(struct chain_ring *ring, uint32_t limit, struct chain *chain_out) {
    /* Relaxed: nobody but this thread writes head. */
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    CHECK(limit - head <= ring->mask + 1);
    if (head == limit)
        return false;
    *chain_out = ring->slots[head & ring->mask];
    /* Release, pairs with the acquire in push: the slot is ours until here. */
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}
