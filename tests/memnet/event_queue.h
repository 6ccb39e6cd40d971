/* event_queue - what will happen and when, in virtual time. Equal times happen in the order in which they were planned.
 */
#ifndef LOOM_MEMNET_EVENT_QUEUE_H
#define LOOM_MEMNET_EVENT_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"

struct event {
    nsec at;
    uint64_t order;
    void (*run)(void *subject, uint64_t argument, void *payload);
    void *subject;
    uint64_t argument;
    void *payload; /* malloced; freed after run, or with the queue */
};

struct event_queue {
    struct event *heap;
    size_t count, room;
    uint64_t order_next;
};

void event_queue_fini(struct event_queue *queue);
/* Hands over payload. */
void event_queue_add(struct event_queue *queue, nsec at, void (*run)(void *, uint64_t, void *), void *subject,
                     uint64_t argument, void *payload);
/* NSEC_NEVER when there is none. */
nsec event_queue_next(const struct event_queue *queue);
/* Take off the first; there is one. */
struct event event_queue_take(struct event_queue *queue);

#endif
