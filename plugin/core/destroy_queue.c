#include "core/destroy_queue.h"

#include <assert.h>

#define ROOM_LEAST 8u

static_assert(DESTROYS_OWED_MAX <= UINT16_MAX && (DESTROYS_OWED_MAX & (DESTROYS_OWED_MAX - 1)) == 0,
              "the room doubles up to it");

static bool grow(struct destroy_queue *queue, const struct memory *memory) {
    uint16_t room = queue->room ? (uint16_t)(2 * queue->room) : ROOM_LEAST;
    struct destroy_owed *ring =
        room <= DESTROYS_OWED_MAX ? memory_allocate(memory, room * sizeof *ring) : NULL;
    if (!ring)
        return false;
    for (uint16_t i = 0; i < queue->count; i++)
        ring[i] = queue->ring[(queue->first + i) % queue->room];
    memory_release(memory, queue->ring, queue->room * sizeof *queue->ring);
    *queue = (struct destroy_queue){.ring = ring, .room = room, .count = queue->count};
    return true;
}

bool destroy_queue_put(struct destroy_queue *queue, const struct memory *memory, uint32_t circ_id,
                       uint8_t reason) {
    if (queue->count == queue->room && !grow(queue, memory))
        return false;
    queue->ring[(queue->first + queue->count++) % queue->room] = (struct destroy_owed){circ_id, reason};
    return true;
}

bool destroy_queue_take(struct destroy_queue *queue, const struct memory *memory, struct destroy_owed *out) {
    if (queue->count == 0)
        return false;
    *out = queue->ring[queue->first];
    queue->first = (uint16_t)((queue->first + 1) % queue->room);
    if (--queue->count == 0)
        destroy_queue_clear(queue, memory);
    return true;
}

void destroy_queue_clear(struct destroy_queue *queue, const struct memory *memory) {
    memory_release(memory, queue->ring, queue->room * sizeof *queue->ring);
    *queue = (struct destroy_queue){0};
}
