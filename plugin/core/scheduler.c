#include "core/scheduler.h"

#include <string.h>

#include "base/check.h"
#include "core/ewma.h"

#define QUEUE_ROOM_FIRST 4u /* most links of a relay carry a few circuits at a time */

void sched_init(struct scheduler *s, const struct memory *memory, nsec half_life) {
    *s = (struct scheduler){.memory = memory, .half_life = ewma_half_life(half_life), .seen = NSEC_NEVER};
}

/* Time in which a tick is half_life long and the tick s->tick begins at 0. */
static nsec ewma_time(const struct scheduler *s, nsec now) {
    CHECK(now >= s->since);
    return now - s->since + s->phase;
}

static void see(struct scheduler *s, nsec now) {
    if (now == s->seen)
        return;
    nsec time = ewma_time(s, now);
    uint32_t ticks = ewma_tick(time, s->half_life);
    CHECK(ticks <= UINT32_MAX - s->tick);
    s->seen = now;
    s->seen_tick = s->tick + ticks;
    s->seen_weight = ewma_weight(time, s->half_life);
}

static uint32_t tick_at(struct scheduler *s, nsec now) {
    see(s, now);
    return s->seen_tick;
}

static uint64_t weight_at(struct scheduler *s, nsec now) {
    see(s, now);
    return s->seen_weight;
}

/* Ticks only go on, so that the values of entries keep their meaning. The new tick is entered as far as the old one had
 * come, in whole steps: a cell weighs the same before and after, but for 1 %. */
void sched_set_half_life(struct scheduler *s, nsec now, nsec half_life) {
    half_life = ewma_half_life(half_life);
    if (half_life == s->half_life)
        return;
    uint64_t steps = ewma_time(s, now) % s->half_life / (s->half_life / EWMA_STEPS);
    s->tick = tick_at(s, now);
    s->phase = steps * (half_life / EWMA_STEPS);
    s->since = now;
    s->half_life = half_life;
    s->seen = NSEC_NEVER;
}

void sched_queue_init(struct sched_queue *queue) {
    *queue = (struct sched_queue){0};
}

static size_t heap_size(uint32_t room) {
    return room * sizeof(struct sched_entry *);
}

void sched_queue_fini(struct scheduler *s, struct sched_queue *queue) {
    for (uint32_t i = 0; i < queue->count; i++)
        queue->heap[i]->position = 0;
    memory_release(s->memory, queue->heap, heap_size(queue->room));
    *queue = (struct sched_queue){0};
}

/* --- heap: children of position p are 2p and 2p + 1, the quietest is at 1 ---------------------------------------- */

static struct sched_entry *entry_at(const struct sched_queue *queue, uint32_t position) {
    return queue->heap[position - 1];
}

static void place(struct sched_queue *queue, struct sched_entry *entry, uint32_t position) {
    queue->heap[position - 1] = entry;
    entry->position = position;
}

static bool is_quieter(const struct sched_entry *a, const struct sched_entry *b) {
    return ewma_is_quieter(a->activity, a->tick, b->activity, b->tick);
}

static void sift_up(struct sched_queue *queue, struct sched_entry *entry, uint32_t position) {
    while (position > 1 && is_quieter(entry, entry_at(queue, position / 2))) {
        place(queue, entry_at(queue, position / 2), position);
        position /= 2;
    }
    place(queue, entry, position);
}

/* The quieter child of position, or 0. */
static uint32_t quieter_child(const struct sched_queue *queue, uint32_t position) {
    if (position > queue->count / 2)
        return 0;
    uint32_t child = 2 * position;
    if (child < queue->count && is_quieter(entry_at(queue, child + 1), entry_at(queue, child)))
        child++;
    return child;
}

static void sift_down(struct sched_queue *queue, struct sched_entry *entry, uint32_t position) {
    uint32_t child = quieter_child(queue, position);
    while (child != 0 && is_quieter(entry_at(queue, child), entry)) {
        place(queue, entry_at(queue, child), position);
        position = child;
        child = quieter_child(queue, position);
    }
    place(queue, entry, position);
}

MUST_USE static enum err grow(struct scheduler *s, struct sched_queue *queue) {
    CHECK(queue->room <= UINT32_MAX / 2);
    uint32_t room = queue->room == 0 ? QUEUE_ROOM_FIRST : 2 * queue->room;
    struct sched_entry **heap = memory_allocate(s->memory, heap_size(room));
    if (heap == NULL)
        return ERR_LIMIT;
    if (queue->count > 0)
        memcpy(heap, queue->heap, heap_size(queue->count));
    memory_release(s->memory, queue->heap, heap_size(queue->room));
    queue->heap = heap;
    queue->room = room;
    return ERR_OK;
}

enum err sched_activate(struct scheduler *s, nsec now, struct sched_queue *queue, struct sched_entry *entry) {
    CHECK(entry->tick <= tick_at(s, now));
    if (entry->position != 0)
        return ERR_OK;
    if (queue->count == queue->room) {
        enum err e = grow(s, queue);
        if (e != ERR_OK)
            return e;
    }
    queue->count++;
    sift_up(queue, entry, queue->count);
    return ERR_OK;
}

void sched_deactivate(struct sched_queue *queue, struct sched_entry *entry) {
    uint32_t position = entry->position;
    if (position == 0)
        return;
    CHECK(position <= queue->count);
    CHECK(entry_at(queue, position) == entry);
    entry->position = 0;
    struct sched_entry *last = entry_at(queue, queue->count);
    queue->count--;
    if (last == entry)
        return;
    sift_up(queue, last, position);
    sift_down(queue, last, last->position);
}

void sched_leave(struct scheduler *s, nsec now, struct sched_queue *queue, struct sched_entry *entry) {
    sched_deactivate(queue, entry);
    entry->activity = ewma_scale(entry->activity, entry->tick, tick_at(s, now));
}

void sched_enter(struct scheduler *s, nsec now, struct sched_entry *entry) {
    entry->tick = tick_at(s, now);
}

/* --- picks -------------------------------------------------------------------------------------------------------- */

struct sched_entry *sched_pick(struct scheduler *s, nsec now, struct sched_queue *queue, uint32_t max,
                               uint32_t *run_out) {
    CHECK(max > 0);
    *run_out = 0;
    if (queue->count == 0)
        return NULL;
    struct sched_entry *first = entry_at(queue, 1);
    *run_out = max;
    uint32_t child = quieter_child(queue, 1);
    if (child == 0)
        return first;
    const struct sched_entry *second = entry_at(queue, child);
    uint32_t tick = tick_at(s, now);
    uint64_t quieter_by =
        ewma_scale(second->activity, second->tick, tick) - ewma_scale(first->activity, first->tick, tick);
    uint64_t cells = quieter_by / weight_at(s, now); /* as loud as the second, or just below */
    if (cells + SCHED_QUANTUM < max)
        *run_out = (uint32_t)cells + SCHED_QUANTUM;
    return first;
}

void sched_charge(struct scheduler *s, nsec now, struct sched_queue *queue, struct sched_entry *entry,
                  uint32_t cells) {
    if (cells == 0)
        return;
    uint32_t tick = tick_at(s, now);
    uint64_t activity = ewma_scale(entry->activity, entry->tick, tick);
    entry->activity = ewma_add(activity, cells, weight_at(s, now));
    entry->tick = tick;
    /* A cell weighs far more than what scaling rounds off, so the value has grown and can only move back. */
    if (entry->position != 0)
        sift_down(queue, entry, entry->position);
}

uint64_t sched_quietest(struct scheduler *s, nsec now, const struct sched_queue *queue) {
    if (queue->count == 0)
        return UINT64_MAX;
    const struct sched_entry *first = entry_at(queue, 1);
    return ewma_scale(first->activity, first->tick, tick_at(s, now));
}
