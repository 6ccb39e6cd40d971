#include "core/flow_tags.h"

#include <assert.h>
#include <string.h>

#define ROOM_FIRST 4u

static_assert(FLOW_TAGS_MAX < UINT16_MAX / 2, "room is doubled");

void flow_tags_fini(struct flow_tags *t, const struct memory *memory) {
    memory_release(memory, t->ring, t->room * sizeof *t->ring);
    *t = (struct flow_tags){.ring = NULL};
}

static enum err grow(struct flow_tags *t, const struct memory *memory) {
    uint16_t room = t->room ? (uint16_t)(2 * t->room) : ROOM_FIRST;
    if (t->count >= FLOW_TAGS_MAX)
        return ERR_LIMIT;
    struct flow_tag *ring = memory_allocate(memory, room * sizeof *ring);
    if (!ring)
        return ERR_LIMIT;
    for (uint16_t i = 0; i < t->count; i++)
        ring[i] = t->ring[(t->first + i) % t->room];
    memory_release(memory, t->ring, t->room * sizeof *t->ring);
    t->ring = ring;
    t->room = room;
    t->first = 0;
    return ERR_OK;
}

enum err flow_tags_push(struct flow_tags *t, const struct memory *memory, nsec now,
                        const uint8_t tag[static FLOW_TAG_LEN]) {
    if (t->count == t->room && grow(t, memory))
        return ERR_LIMIT;
    struct flow_tag *last = &t->ring[(t->first + t->count) % t->room];
    last->sent = now;
    memcpy(last->tag, tag, FLOW_TAG_LEN);
    t->count++;
    t->is_unforeseen = false;
    return ERR_OK;
}

const struct flow_tag *flow_tags_pop(struct flow_tags *t) {
    if (t->count == 0)
        return NULL;
    const struct flow_tag *oldest = &t->ring[t->first];
    t->first = (uint16_t)((t->first + 1) % t->room);
    t->count--;
    return oldest;
}
