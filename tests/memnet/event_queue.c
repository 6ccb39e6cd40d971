#include "memnet/event_queue.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/check.h"

void event_queue_fini(struct event_queue *queue) {
    for (size_t i = 0; i < queue->count; i++)
        free(queue->heap[i].payload);
    free(queue->heap);
    *queue = (struct event_queue){0};
}

static bool is_before(const struct event *a, const struct event *b) {
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct event *a, struct event *b) {
    struct event kept = *a;
    *a = *b;
    *b = kept;
}

void event_queue_add(struct event_queue *queue, nsec at, void (*run)(void *, uint64_t, void *), void *subject,
                     uint64_t argument, void *payload) {
    if (queue->count == queue->room) {
        queue->room = queue->room ? 2 * queue->room : 256;
        queue->heap = realloc(queue->heap, queue->room * sizeof(*queue->heap));
        CHECK(queue->heap);
    }
    size_t i = queue->count++;
    queue->heap[i] = (struct event){at, queue->order_next++, run, subject, argument, payload};
    for (; i > 0 && is_before(&queue->heap[i], &queue->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&queue->heap[i], &queue->heap[(i - 1) / 2]);
}

nsec event_queue_next(const struct event_queue *queue) {
    return queue->count ? queue->heap[0].at : NSEC_NEVER;
}

struct event event_queue_take(struct event_queue *queue) {
    CHECK(queue->count > 0);
    struct event first = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->count];
    for (size_t i = 0;;) {
        size_t child = 2 * i + 1;
        if (child >= queue->count)
            break;
        if (child + 1 < queue->count && is_before(&queue->heap[child + 1], &queue->heap[child]))
            child++;
        if (!is_before(&queue->heap[child], &queue->heap[i]))
            break;
        swap(&queue->heap[i], &queue->heap[child]);
        i = child;
    }
    return first;
}
