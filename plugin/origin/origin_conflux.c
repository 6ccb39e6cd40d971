#include "origin/origin_conflux.h"

#include <string.h>

#include "base/check.h"

static struct origin_conflux_member *member_of(struct origin_conflux *set, const struct origin_path *path) {
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++)
        if (set->members[i].path == path)
            return &set->members[i];
    CHECK(false);
    return NULL;
}

static struct origin_conflux_member *member_of_leg(struct origin_conflux *set,
                                                   const struct conflux_leg *leg) {
    return &set->members[leg->half - 1];
}

static unsigned last_hop(const struct origin_path *path) {
    CHECK(path->hop_count > 0);
    return path->hop_count - 1u;
}

/* --- linking ---------------------------------------------------------------------------------------------------- */

struct origin_conflux *origin_conflux_new(struct origin *o, struct origin_path *const *paths, unsigned n) {
    CHECK(n >= 2);
    CHECK(n <= CONFLUX_LEGS_MAX);
    struct origin_conflux *set = memory_allocate(o->config.memory, sizeof *set);
    if (!set)
        return NULL;
    *set = (struct origin_conflux){.origin = o, .stream_next = 1, .count = (uint8_t)n};
    o->config.crypt->random(o->config.crypt->context, set->nonce, sizeof set->nonce);
    for (unsigned i = 0; i < n; i++)
        set->members[i].path = paths[i];
    return set;
}

enum err origin_conflux_ask(struct origin_conflux *set, nsec now, enum conflux_wish wish) {
    struct conflux_link_message link = {.wish = (uint8_t)wish};
    uint8_t room[64];
    struct bytes_out out = bytes_out(room, sizeof room);
    memcpy(link.nonce, set->nonce, sizeof link.nonce);
    conflux_link_encode(&out, &link);
    CHECK(bytes_out_ok(&out));
    struct relay_message m = {.command = RELAY_CONFLUX_LINK, .data = {room, bytes_written(&out)}};
    set->asked_at = now;
    enum err e = ERR_OK;
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX && e == ERR_OK; i++) {
        struct origin_path *path = set->members[i].path;
        if (path)
            e = origin_path_send(path, last_hop(path), CELL_RELAY, &m, CELL_MUST);
    }
    return e;
}

bool origin_conflux_is_linked(const struct origin_conflux *set) {
    return set->linked == set->count;
}

/* Nothing has gone before all were linked, so both sides begin with the number 0. */
enum err origin_conflux_linked(struct origin_conflux *set, nsec now, const struct origin_path *path,
                               struct span body) {
    struct origin_conflux_member *member = member_of(set, path);
    struct conflux_link_message link;
    enum err e = conflux_link_decode(body, &link);
    if (e)
        return e;
    if (member->leg || memcmp(link.nonce, set->nonce, sizeof set->nonce) != 0 || link.last_sent != 0 ||
        link.last_received != 0)
        return ERR_PROTOCOL;
    member->leg = conflux_legs_join(&set->legs, (half_id)(member - set->members) + 1, &link);
    CHECK(member->leg); /* there are no more members than legs */
    member->rtt = now > set->asked_at ? now - set->asked_at : 1;
    set->linked++;
    struct relay_message m = {.command = RELAY_CONFLUX_LINKED_ACK};
    return origin_path_send(member->path, last_hop(path), CELL_RELAY, &m, CELL_MUST);
}

bool origin_conflux_leave(struct origin_conflux *set, const struct origin_path *path) {
    struct origin_conflux_member *member = member_of(set, path);
    struct conflux_leg *leg = member->leg;
    bool is_used = leg && leg->is_used;
    if (leg) {
        set->legs.waiting -= leg->waiting.count;
        origin_cells_drop(set->origin, &leg->waiting);
        conflux_legs_leave(&set->legs, leg);
        set->linked--;
    }
    *member = (struct origin_conflux_member){.path = NULL};
    set->count--;
    set->is_over |= is_used;
    return set->is_over;
}

struct origin_path *origin_conflux_path(const struct origin_conflux *set, unsigned number) {
    CHECK(number < CONFLUX_LEGS_MAX);
    return set->members[number].path;
}

void origin_conflux_free(struct origin_conflux *set) {
    CHECK(set->count == 0);
    memory_release(set->origin->config.memory, set, sizeof *set);
}

/* --- what comes ------------------------------------------------------------------------------------------------- */

enum err origin_conflux_switched(struct origin_conflux *set, const struct origin_path *path,
                                 struct span body) {
    struct origin_conflux_member *member = member_of(set, path);
    struct conflux_switch_message message;
    if (!member->leg)
        return ERR_PROTOCOL;
    enum err e = conflux_switch_decode(body, &message);
    if (e == ERR_OK)
        member->received += message.skipped;
    return e;
}

enum err origin_conflux_received(struct origin_conflux *set, const struct origin_path *path,
                                 struct cell *cell) {
    struct origin_conflux_member *member = member_of(set, path);
    if (!member->leg || !origin_conflux_is_linked(set))
        return ERR_PROTOCOL; /* we have not said anything yet */
    cell->serial = (uint32_t)++member->received;
    member->came++;
    return conflux_legs_received(&set->legs, member->leg, cell);
}

struct cell *origin_conflux_next(struct origin_conflux *set) {
    return conflux_legs_next(&set->legs);
}

/* --- what goes -------------------------------------------------------------------------------------------------- */

/* What each leg takes now: its congestion window, and its queue for the link. */
static void look_at_legs(struct origin_conflux *set) {
    uint32_t queue_max = set->origin->config.queue_cells_max;
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++) {
        struct origin_conflux_member *member = &set->members[i];
        if (!member->leg)
            continue;
        const struct circuit_flow *flow = &origin_path_last(member->path)->flow;
        uint32_t queued = member->path->queue.count + 1u; /* a SWITCH may go before */
        uint32_t space = queued < queue_max ? queue_max - queued : 0;
        uint32_t room = circuit_flow_room(flow);
        member->leg->data_allowed = member->leg->data_sent + (room < space ? room : space);
        member->leg->rtt = flow->congestion.rtt ? flow->congestion.rtt : member->rtt;
    }
}

static enum err send_switch(struct origin_path *path, uint32_t skipped) {
    uint8_t room[8];
    struct bytes_out out = bytes_out(room, sizeof room);
    conflux_switch_encode(&out, &(struct conflux_switch_message){skipped});
    CHECK(bytes_out_ok(&out));
    struct relay_message m = {.command = RELAY_CONFLUX_SWITCH, .data = {room, bytes_written(&out)}};
    return origin_path_send(path, last_hop(path), CELL_RELAY, &m, CELL_MUST);
}

/* The path on which the next message goes, after a SWITCH where one is due; NULL without a cell for that. */
static struct origin_path *turn_to(struct origin_conflux *set, struct conflux_leg *leg, bool is_data) {
    struct origin_path *path = member_of_leg(set, leg)->path;
    uint32_t skipped;
    if (conflux_legs_send(&set->legs, leg, is_data, &skipped) && send_switch(path, skipped))
        return NULL;
    return path;
}

enum err origin_conflux_say(struct origin_conflux *set, const struct relay_message *m) {
    look_at_legs(set);
    struct origin_path *path = turn_to(set, conflux_legs_any(&set->legs), false);
    return path ? origin_path_send(path, last_hop(path), CELL_RELAY, m, CELL_MUST) : ERR_LIMIT;
}

enum err origin_conflux_begin(struct origin_conflux *set, uint16_t stream, const struct begin_message *to) {
    look_at_legs(set);
    struct origin_path *path = turn_to(set, conflux_legs_any(&set->legs), false);
    return path ? origin_path_send_begin(path, stream, to) : ERR_LIMIT;
}

/* As many of bytes as fill the next message. */
static struct span first_message(const struct origin_path *path, struct span bytes) {
    size_t data_max = relay_data_max(origin_hop_format(origin_path_last(path)), RELAY_DATA);
    return (struct span){bytes.data, bytes.length < data_max ? bytes.length : data_max};
}

/* For a message and a SWITCH before it. */
static bool has_cells(struct origin *o) {
    struct cell *one = cell_pool_take(&o->cells, CELL_MAY_FAIL);
    struct cell *other = one ? cell_pool_take(&o->cells, CELL_MAY_FAIL) : NULL;
    if (other)
        cell_pool_put(&o->cells, other);
    if (one)
        cell_pool_put(&o->cells, one);
    return other != NULL;
}

static struct conflux_leg *leg_with_room(struct origin_conflux *set) {
    look_at_legs(set);
    return conflux_legs_with_room(&set->legs);
}

/* A leg is chosen for each message: its room changes with each, and a window may open beside it. */
size_t origin_conflux_package(struct origin_conflux *set, nsec now, uint16_t stream, struct span bytes,
                              bool *starved_out, bool *is_lost_out) {
    struct conflux_leg *leg;
    size_t used = 0;
    *starved_out = *is_lost_out = false;
    while (used < bytes.length && (leg = leg_with_room(set)) != NULL) {
        if (!has_cells(set->origin)) {
            *starved_out = true;
            break;
        }
        struct origin_path *path = turn_to(set, leg, true);
        if (!path) {
            *is_lost_out = true;
            break;
        }
        struct span part = first_message(path, (struct span){bytes.data + used, bytes.length - used});
        size_t sent = origin_path_package(path, now, stream, NULL, part, starved_out);
        *is_lost_out = sent < part.length || path->is_lost; /* its number is given, so it must go */
        if (*is_lost_out)
            break;
        used += sent;
    }
    return used;
}
