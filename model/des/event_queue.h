/* event_queue - the events that wait at one host, earliest first.
 *
 * The law: events leave by (time, source host, counter of the source), whatever the order in which they came.
 * Owner: one host. Memory: 32 bytes an event, in a heap of four children that doubles when full
 * and halves when three quarters are free; none until the first. */
#ifndef LOOM_DES_EVENT_QUEUE_H
#define LOOM_DES_EVENT_QUEUE_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/nsec.h"

#define EVENT_SOURCE_BITS 24u /* 16 million hosts, which leaves each 2^40 events */
#define EVENT_COUNTER_MAX ((UINT64_C(1) << (64 - EVENT_SOURCE_BITS)) - 1)

struct event {
    nsec at;
    uint64_t order; /* source host above, its counter below */
    uint32_t kind;
    uint32_t arg;
    void *object;
};

struct event_queue {
    struct event *heap;
    uint32_t count;
    uint32_t room;
};

static inline uint64_t event_order(uint32_t source, uint64_t counter) {
    return (uint64_t)source << (64 - EVENT_SOURCE_BITS) | counter;
}
static inline nsec event_queue_next(const struct event_queue *queue) {
    return queue->count ? queue->heap[0].at : NSEC_NEVER;
}
/* ERR_LIMIT without memory; the queue is then unchanged. */
MUST_USE enum err event_queue_add(struct event_queue *queue, const struct memory *memory,
                                  const struct event *event);
/* Take off the first; there is one. */
void event_queue_take(struct event_queue *queue, const struct memory *memory, struct event *event_out);
void event_queue_fini(struct event_queue *queue, const struct memory *memory);

#endif
