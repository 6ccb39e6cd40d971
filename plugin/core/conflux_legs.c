#include "core/conflux_legs.h"

#include "base/check.h"
#include "wire/relay_cell.h"

bool conflux_is_numbered(uint8_t command) {
    switch (command) {
    case RELAY_BEGIN:
    case RELAY_DATA:
    case RELAY_END:
    case RELAY_CONNECTED:
    case RELAY_RESOLVE:
    case RELAY_RESOLVED:
    case RELAY_XOFF:
    case RELAY_XON: return true;
    default: return false;
    }
}

struct conflux_leg *conflux_legs_by_half(struct conflux_legs *l, half_id half) {
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++)
        if (l->legs[i].half == half)
            return &l->legs[i];
    return NULL;
}

struct conflux_leg *conflux_legs_by_number(struct conflux_legs *l, uint32_t number) {
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++)
        if (l->legs[i].half && l->legs[i].number == number)
            return &l->legs[i];
    return NULL;
}

struct conflux_leg *conflux_legs_join(struct conflux_legs *l, half_id half,
                                      const struct conflux_link_message *link) {
    CHECK(half);
    struct conflux_leg *leg = conflux_legs_by_half(l, 0);
    if (!leg)
        return NULL;
    *leg = (struct conflux_leg){
        .half = half, .number = ++l->numbers, .received = link->last_sent, .sent = link->last_received};
    l->wish = link->wish;
    l->count++;
    return leg;
}

void conflux_legs_leave(struct conflux_legs *l, struct conflux_leg *leg) {
    CHECK(cell_run_is_empty(&leg->waiting));
    if (l->current == leg)
        l->current = NULL;
    *leg = (struct conflux_leg){.half = 0};
    l->count--;
}

/* --- what comes ------------------------------------------------------------------------------------------------- */

enum err conflux_legs_received(struct conflux_legs *l, struct conflux_leg *leg, struct cell *cell) {
    uint64_t number = leg->received + (uint32_t)(cell->serial - (uint32_t)leg->received);
    if (number <= leg->received || number <= l->given)
        return ERR_PROTOCOL;
    if (l->waiting >= CONFLUX_WAITING_MAX)
        return ERR_LIMIT;
    leg->received = number;
    leg->is_used = true;
    cell_run_append(&leg->waiting, cell);
    l->waiting++;
    return ERR_OK;
}

struct cell *conflux_legs_next(struct conflux_legs *l) {
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX && l->waiting > 0; i++) {
        struct conflux_leg *leg = &l->legs[i];
        if (!leg->waiting.first || leg->waiting.first->serial != (uint32_t)(l->given + 1))
            continue;
        l->given++;
        l->waiting--;
        return cell_run_shift(&leg->waiting);
    }
    return NULL;
}

/* --- what goes -------------------------------------------------------------------------------------------------- */

static bool has_room(const struct conflux_leg *leg) {
    return (int32_t)(leg->data_allowed - leg->data_sent) > 0;
}

/* Legs whose round trip is not known come last. */
static bool is_nearer(const struct conflux_leg *a, const struct conflux_leg *b) {
    return !b || (a->rtt && (!b->rtt || a->rtt < b->rtt));
}

static struct conflux_leg *nearest(struct conflux_legs *l, bool with_room) {
    struct conflux_leg *found = NULL;
    for (unsigned i = 0; i < CONFLUX_LEGS_MAX; i++) {
        struct conflux_leg *leg = &l->legs[i];
        if (leg->half && (!with_room || has_room(leg)) && is_nearer(leg, found))
            found = leg;
    }
    return found;
}

/* Who wants the least delay gets the nearest leg and no other; else any whose window has room, the nearest first. */
struct conflux_leg *conflux_legs_with_room(struct conflux_legs *l) {
    bool is_strict = l->wish == CONFLUX_MIN_LATENCY || l->wish == CONFLUX_LOW_MEM_LATENCY;
    struct conflux_leg *leg = nearest(l, !is_strict);
    return leg && has_room(leg) ? leg : NULL;
}

struct conflux_leg *conflux_legs_any(struct conflux_legs *l) {
    struct conflux_leg *leg = conflux_legs_with_room(l);
    if (leg)
        return leg;
    leg = l->current ? l->current : nearest(l, false);
    CHECK(leg);
    return leg;
}

bool conflux_legs_send(struct conflux_legs *l, struct conflux_leg *leg, bool is_data, uint32_t *skipped_out) {
    *skipped_out = (uint32_t)(l->sent - leg->sent);
    leg->sent = ++l->sent;
    leg->data_sent += is_data;
    leg->is_used = true;
    bool is_other = l->current && l->current != leg;
    l->current = leg;
    return is_other || *skipped_out > 0;
}
