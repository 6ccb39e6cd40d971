#include "des/event_queue.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

#define CHILDREN    4u /* as earliest_of_four has it */
#define ROOM_MIN    4u /* most hosts of a big network have a handful of timers */
#define ROOM_MAX    (UINT32_C(1) << 28)
#define ROOM_SHRINK 32u /* below a kilobyte it is not worth it */

/* Without a branch, which no processor could foretell. */
static bool is_before(const struct event *a, const struct event *b) {
    return (a->at < b->at) | ((a->at == b->at) & (a->order < b->order));
}

static enum err move(struct event_queue *queue, const struct memory *memory, uint32_t room) {
    struct event *heap = memory_allocate(memory, room * sizeof(*heap));
    if (!heap)
        return ERR_LIMIT;
    if (queue->count)
        memcpy(heap, queue->heap, queue->count * sizeof(*heap));
    memory_release(memory, queue->heap, queue->room * sizeof(*heap));
    queue->heap = heap;
    queue->room = room;
    return ERR_OK;
}

static enum err grow(struct event_queue *queue, const struct memory *memory) {
    uint32_t room = queue->room ? 2 * queue->room : ROOM_MIN;
    return room > ROOM_MAX ? ERR_LIMIT : move(queue, memory, room);
}

/* After a burst; a queue that cannot be moved stays as it is. */
static void shrink(struct event_queue *queue, const struct memory *memory) {
    if (queue->room >= ROOM_SHRINK && queue->count < queue->room / 4 &&
        move(queue, memory, queue->room / 2) != ERR_OK)
        return;
}

/* Put event into the hole at `at`, or above it. */
static void rise(const struct event_queue *queue, uint32_t at, const struct event *event) {
    while (at > 0) {
        uint32_t parent = (at - 1) / CHILDREN;
        if (!is_before(event, &queue->heap[parent]))
            break;
        queue->heap[at] = queue->heap[parent];
        at = parent;
    }
    queue->heap[at] = *event;
}

enum err event_queue_add(struct event_queue *queue, const struct memory *memory, const struct event *event) {
    enum err e;
    if (queue->count == queue->room && (e = grow(queue, memory)) != ERR_OK)
        return e;
    rise(queue, queue->count++, event);
    return ERR_OK;
}

static uint32_t earlier(const struct event *heap, uint32_t a, uint32_t b) {
    return a ^ ((a ^ b) & (0 - (uint32_t)is_before(&heap[b], &heap[a])));
}

/* Of all children, and of less. */
static uint32_t earliest_of_four(const struct event *heap, uint32_t first) {
    return earlier(heap, earlier(heap, first, first + 1), earlier(heap, first + 2, first + 3));
}

static uint32_t earliest_of(const struct event *heap, uint32_t first, uint32_t end) {
    uint32_t best = first;
    for (uint32_t child = first + 1; child < end; child++)
        best = earlier(heap, best, child);
    return best;
}

/* The hole that the first one leaves goes down to the end of the heap, where the last one mostly belongs that fills it. */
void event_queue_take(struct event_queue *queue, const struct memory *memory, struct event *event_out) {
    struct event *heap = queue->heap;
    CHECK(queue->count > 0);
    *event_out = heap[0];
    const uint32_t count = --queue->count;
    uint32_t at = 0, first = 1;
    for (; first + CHILDREN <= count; first = at * CHILDREN + 1) {
        uint32_t child = earliest_of_four(heap, first);
        heap[at] = heap[child];
        at = child;
    }
    if (first < count) {
        uint32_t child = earliest_of(heap, first, count);
        heap[at] = heap[child];
        at = child;
    }
    if (count)
        rise(queue, at, &heap[count]);
    shrink(queue, memory);
}

void event_queue_fini(struct event_queue *queue, const struct memory *memory) {
    memory_release(memory, queue->heap, queue->room * sizeof(*queue->heap));
    *queue = (struct event_queue){0};
}
