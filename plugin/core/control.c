#include "core/control.h"

#include <assert.h>
#include <stddef.h>

#include "base/check.h"

static_assert(CONTROL_PARKING_FAILED <= UINT8_MAX, "control.kind holds every kind");

/* Bytes of the union that a message of this kind uses. */
static size_t payload_size(enum control_kind kind) {
    switch (kind) {
    case CONTROL_EXTEND:
    case CONTROL_ATTACH: return sizeof(struct control_extend);
    case CONTROL_DIAL: return sizeof(struct control_dial);
    case CONTROL_EXTENDED: return sizeof(struct control_extended);
    case CONTROL_EDGE_OPEN: return sizeof(struct begin_message);
    case CONTROL_EDGE_RESOLVE: return sizeof(struct name_query);
    case CONTROL_EDGE_RESOLVED: return sizeof(struct name_answer);
    case CONTROL_EDGE_REFUSED: return sizeof(struct address);
    case CONTROL_EDGE_CONNECTED: return sizeof(struct connected_message);
    case CONTROL_CONFLUX_LINK:
    case CONTROL_CONFLUX_LINKED: return sizeof(struct control_conflux);
    case CONTROL_LEG_ROOM: return sizeof(struct control_leg_room);
    case CONTROL_LINK_OPEN: return sizeof(struct control_link_open);
    case CONTROL_ONION_CLAIM:
    case CONTROL_ONION_FORGET: return sizeof(struct onion_name);
    case CONTROL_ONION_RENAMED: return sizeof(struct control_onion_renamed);
    case CONTROL_INTRODUCE:
    case CONTROL_RENDEZVOUS:
    case CONTROL_INTRODUCTION:
    case CONTROL_JOIN: return sizeof(struct control_onion);
    case CONTROL_BANDWIDTH_REPORT:
    case CONTROL_BANDWIDTH_LOAN: return sizeof(struct control_bandwidth);
    case CONTROL_LINK_REFUSE: return sizeof(nsec);
    case CONTROL_LOAD_REPORT: return sizeof(struct control_busy);
    case CONTROL_LINK_LOADS: return sizeof(struct link_loads);
    case CONTROL_MEMORY_COUNT:
    case CONTROL_MEMORY_COUNTED: return sizeof(struct hoard_ages);
    case CONTROL_MEMORY_FREE: return sizeof(struct hoard_verdict);
    case CONTROL_MOVING:
    case CONTROL_MOVED:
    case CONTROL_PARKING_FAILED:
    case CONTROL_ATTACHED:
        return sizeof(object_id); /* ATTACHED becomes MOVED where the half has moved meanwhile */
    case CONTROL_LINK_PARCEL: return sizeof(struct link_move *);
    case CONTROL_LINK_MOVE:
    case CONTROL_LINK_STAYS:
    case CONTROL_LINK_MOVED:
    case CONTROL_LINK_SETTLED:
    case CONTROL_EXTEND_FAILED:
    case CONTROL_DESTROY:
    case CONTROL_EDGE_OPENED:
    case CONTROL_EDGE_FAILED:
    case CONTROL_EDGE_CREDIT:
    case CONTROL_EDGE_FLUSHED:
    case CONTROL_EDGE_CLOSE:
    case CONTROL_LEG_CLOSED:
    case CONTROL_LINK_CLOSED:
    case CONTROL_LINK_CLOSE:
    case CONTROL_CREATES:
    case CONTROL_MEMORY_ALARM:
    case CONTROL_MEMORY_LOW:
    case CONTROL_MEMORY_WATCH:
    case CONTROL_ASK_LINKS:
    case CONTROL_QUEUE_FULL:
    case CONTROL_ONION_CLAIMED:
    case CONTROL_ONION_REPLACED:
    case CONTROL_ONION_REFUSED:
    case CONTROL_INTRODUCED:
    case CONTROL_JOINED: return 0;
    }
    CHECK(!"a kind of control message");
    return 0;
}

size_t control_size(enum control_kind kind) {
    return offsetof(struct control, u) + payload_size(kind);
}

struct control *control_new(const struct memory *memory, enum control_kind kind) {
    size_t size = control_size(kind);
    struct control *message = memory_allocate(memory, size);
    if (message == NULL)
        return NULL;
    message->size = (uint32_t)size;
    message->kind = (uint8_t)kind;
    return message;
}

void control_free(const struct memory *memory, struct control *message) {
    if (message != NULL)
        memory_release(memory, message, message->size);
}
