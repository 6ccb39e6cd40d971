#include "des/event_queue.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

#define CHILDREN    4u
#define ROOM_MIN    4u /* most hosts of a big network have a handful of timers */
#define ROOM_MAX    (UINT32_C(1) << 28)
#define ROOM_SHRINK 32u /* below a kilobyte it is not worth it */

static bool is_before(const struct event *a, const struct event *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
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

enum err event_queue_add(struct event_queue *queue, const struct memory *memory, const struct event *event) {
    enum err e;
    if (queue->count == queue->room && (e = grow(queue, memory)) != ERR_OK)
        return e;
    uint32_t at = queue->count++;
    while (at > 0) {
        uint32_t parent = (at - 1) / CHILDREN;
        if (!is_before(event, &queue->heap[parent]))
            break;
        queue->heap[at] = queue->heap[parent];
        at = parent;
    }
    queue->heap[at] = *event;
    return ERR_OK;
}

static uint32_t earliest_child(const struct event_queue *queue, uint32_t first) {
    uint32_t end = first + CHILDREN < queue->count ? first + CHILDREN : queue->count;
    uint32_t best = first;
    for (uint32_t child = first + 1; child < end; child++)
        if (is_before(&queue->heap[child], &queue->heap[best]))
            best = child;
    return best;
}

void event_queue_take(struct event_queue *queue, const struct memory *memory, struct event *event_out) {
    CHECK(queue->count > 0);
    *event_out = queue->heap[0];
    struct event last = queue->heap[--queue->count];
    uint32_t at = 0;
    for (uint32_t first = 1; first < queue->count; first = at * CHILDREN + 1) {
        uint32_t child = earliest_child(queue, first);
        if (!is_before(&queue->heap[child], &last))
            break;
        queue->heap[at] = queue->heap[child];
        at = child;
    }
    if (queue->count)
        queue->heap[at] = last;
    shrink(queue, memory);
}

void event_queue_fini(struct event_queue *queue, const struct memory *memory) {
    memory_release(memory, queue->heap, queue->room * sizeof(*queue->heap));
    *queue = (struct event_queue){0};
}
