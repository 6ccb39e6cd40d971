#include "base/timers.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"

#define ROOM_MIN 4u
#define ROOM_MAX (UINT32_C(1) << 30)

void timers_init(struct timers *timers, const struct memory *memory) {
    *timers = (struct timers){.memory = memory};
}

void timers_fini(struct timers *timers) {
    for (uint32_t i = 0; i < timers->count; i++)
        timers->heap[i]->position = 0;
    memory_release(timers->memory, timers->heap, timers->room * sizeof(*timers->heap));
    timers_init(timers, timers->memory);
}

static bool is_before(const struct timer *a, const struct timer *b) {
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void heap_place(struct timers *timers, uint32_t index, struct timer *t) {
    timers->heap[index] = t;
    t->position = index + 1;
}

/* Find the place of t at index or above it, and put it there. */
static void heap_raise(struct timers *timers, uint32_t index, struct timer *t) {
    while (index > 0) {
        uint32_t parent = (index - 1) / 2;
        if (!is_before(t, timers->heap[parent]))
            break;
        heap_place(timers, index, timers->heap[parent]);
        index = parent;
    }
    heap_place(timers, index, t);
}

/* Find the place of t at index or below it, and put it there. */
static void heap_lower(struct timers *timers, uint32_t index, struct timer *t) {
    for (uint32_t child = 2 * index + 1; child < timers->count; child = 2 * index + 1) {
        if (child + 1 < timers->count && is_before(timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!is_before(timers->heap[child], t))
            break;
        heap_place(timers, index, timers->heap[child]);
        index = child;
    }
    heap_place(timers, index, t);
}

static void heap_settle(struct timers *timers, uint32_t index, struct timer *t) {
    if (index > 0 && is_before(t, timers->heap[(index - 1) / 2]))
        heap_raise(timers, index, t);
    else
        heap_lower(timers, index, t);
}

static enum err heap_grow(struct timers *timers) {
    uint32_t room = timers->room ? 2 * timers->room : ROOM_MIN;
    if (room > ROOM_MAX)
        return ERR_LIMIT;
    struct timer **heap = memory_allocate(timers->memory, room * sizeof(*heap));
    if (!heap)
        return ERR_LIMIT;
    if (timers->count)
        memcpy(heap, timers->heap, timers->count * sizeof(*heap));
    memory_release(timers->memory, timers->heap, timers->room * sizeof(*heap));
    timers->heap = heap;
    timers->room = room;
    return ERR_OK;
}

enum err timers_set(struct timers *timers, struct timer *t, nsec at) {
    enum err e;
    if (!timer_is_set(t) && timers->count == timers->room && (e = heap_grow(timers)) != ERR_OK)
        return e;
    t->at = at;
    t->order = timers->order_next++;
    if (timer_is_set(t)) {
        CHECK(timers->heap[t->position - 1] == t);
        heap_settle(timers, t->position - 1, t);
    } else {
        heap_raise(timers, timers->count++, t);
    }
    return ERR_OK;
}

void timers_clear(struct timers *timers, struct timer *t) {
    if (!timer_is_set(t))
        return;
    uint32_t index = t->position - 1;
    CHECK(index < timers->count);
    CHECK(timers->heap[index] == t);
    struct timer *last = timers->heap[--timers->count];
    if (last != t)
        heap_settle(timers, index, last);
    t->position = 0;
}

nsec timers_next(const struct timers *timers) {
    return timers->count ? timers->heap[0]->at : NSEC_NEVER;
}

struct timer *timers_take_due(struct timers *timers, nsec now) {
    if (timers->count == 0 || timers->heap[0]->at > now)
        return NULL;
    struct timer *due = timers->heap[0];
    timers_clear(timers, due);
    return due;
}
