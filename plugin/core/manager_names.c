/* The names of services and clients that are kept at this manager: claimed, found, forgotten (rend-spec-v3 3, 4). */
#include <string.h>

#include "base/check.h"
#include "core/manager_state.h"

station_id manager_name_place(const struct manager *m, const struct onion_name *name) {
    uint16_t threads = m->config->connection_threads;
    return threads ? (station_id)(1 + onion_registry_place(name, threads)) : m->station;
}

static void send_to_half(struct manager *m, struct control *message, half_id to, enum control_kind kind) {
    manager_repost(m, message, object_station(to), to, kind);
}

/* A service may come back with its key while we still have its old circuit (tor does the same); nobody else's cookie may be
 * claimed. An old circuit that we cannot tell is found by nobody, and ends when the service ends it. */
static enum destroy_reason claim(struct manager *m, const struct control *message) {
    const struct onion_name *name = &message->u.onion.name;
    half_id before = onion_registry_find(&m->names, name);
    if (before && name->kind == ONION_NAME_REND)
        return DESTROY_PROTOCOL;
    if (onion_registry_set(&m->names, name, message->from))
        return DESTROY_RESOURCELIMIT;
    if (before)
        (void)manager_post(m, object_station(before), before, CONTROL_ONION_REPLACED);
    return DESTROY_NONE;
}

static void introduce(struct manager *m, struct control *message) {
    half_id service = onion_registry_find(&m->names, &message->u.onion.name);
    if (service) {
        send_to_half(m, message, service, CONTROL_INTRODUCTION);
        return;
    }
    message->reason = INTRODUCE_UNKNOWN_ID;
    send_to_half(m, message, message->from, CONTROL_INTRODUCED);
}

/* A cookie serves once. */
static void rendezvous(struct manager *m, struct control *message) {
    const struct onion_name *name = &message->u.onion.name;
    half_id client = onion_registry_find(&m->names, name);
    if (client) {
        onion_registry_remove(&m->names, name, client);
        send_to_half(m, message, client, CONTROL_JOIN);
        return;
    }
    send_to_half(m, message, message->from, CONTROL_ONION_REFUSED);
}

/* Its half has moved to another manager. */
static void renamed(struct manager *m, const struct control_onion_renamed *message, half_id half) {
    if (onion_registry_find(&m->names, &message->name) == message->old &&
        onion_registry_set(&m->names, &message->name, half))
        CHECK(!"a name that is there needs no memory");
}

void manager_name_control(struct manager *m, struct control *message) {
    if (message->kind == CONTROL_ONION_CLAIM) {
        message->reason = claim(m, message);
        send_to_half(m, message, message->from, CONTROL_ONION_CLAIMED);
    } else if (message->kind == CONTROL_ONION_FORGET) {
        onion_registry_remove(&m->names, &message->u.onion.name, message->from);
    } else if (message->kind == CONTROL_ONION_RENAMED) {
        renamed(m, &message->u.onion_renamed, message->from);
    } else if (message->kind == CONTROL_INTRODUCE) {
        introduce(m, message);
    } else {
        CHECK(message->kind == CONTROL_RENDEZVOUS);
        rendezvous(m, message);
    }
}
