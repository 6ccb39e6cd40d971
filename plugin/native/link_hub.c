#include "native/link_hub.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "core/connection_manager.h"
#include "native/heap.h"
#include "native/link_output.h"
#include "native/tls_identity.h"
#include "native/tls_link.h"

#define ROUND_FIRST 64u

void link_hub_init(struct link_hub *hub, struct event_base *base, struct turn_clock *clock,
                   struct tls_identity *identity, uint64_t seed) {
    struct link_shared *shared = &hub->shared;
    memset(hub, 0, sizeof *hub);
    shared->base = base;
    shared->clock = clock;
    shared->identity = tls_identity_keep(identity);
    shared->pipe.out = heap_new_untouched(LINK_SEND_ROOM);
    shared->pipe.out_room = LINK_SEND_ROOM;
    shared->received = heap_new_untouched(LINK_RECEIVE_ROOM);
    shared->plain = heap_new_untouched(LINK_PLAIN_ROOM);
    table_init(&shared->by_id, &heap_memory, seed);
    list_init(&shared->young);
    list_init(&shared->asked);
    list_init(&shared->writers);
    list_init(&shared->changed);
    list_init(&shared->warm);
    list_init(&shared->closing);
}

void link_hub_bind(struct link_hub *hub, struct manager *manager,
                   void (*accept_failed)(void *context, link_id link), void *context) {
    hub->shared.manager = manager;
    hub->shared.work = manager_work_mutable(manager);
    hub->shared.accept_failed = accept_failed;
    hub->shared.accept_failed_context = context;
}

void link_hub_fini(struct link_hub *hub) {
    struct link_shared *shared = &hub->shared;
    uint32_t cursor = 0, count = shared->by_id.count;
    struct tls_link **links =
        heap_new((count + 1) * sizeof *links); /* a table must not change under a walk */
    for (uint32_t i = 0; i < count; i++)
        links[i] = table_next(&shared->by_id, &cursor)->value;
    for (uint32_t i = 0; i < count; i++)
        tls_link_free(links[i]);
    free(links);
    while (!list_is_empty(&shared->closing))
        tls_link_free(LIST_ENTRY(shared->closing.next, struct tls_link, age_node));
    table_fini(&shared->by_id);
    tls_identity_drop(shared->identity);
    free(shared->pipe.out);
    free(shared->received);
    free(shared->plain);
    free(hub->facts);
    free(hub->grants);
    free(hub->round);
}

void link_hub_set_identity(struct link_hub *hub, struct tls_identity *identity) {
    tls_identity_drop(hub->shared.identity);
    hub->shared.identity = identity;
}

void link_hub_accept(struct link_hub *hub, link_id id, int fd, const struct endpoint *peer) {
    (void)tls_link_accept(&hub->shared, id, fd, peer);
}

/* --- what the port is asked for --------------------------------------------------------------------------------- */

static struct tls_link *find(const struct link_hub *hub, link_id id) {
    return table_get(&hub->shared.by_id, id);
}

static void record_change(struct link_hub *hub, struct tls_link *link) {
    list_remove(&link->change_node);
    list_append(&hub->shared.changed, &link->change_node);
}

void link_hub_dial(struct link_hub *hub, link_id id, const struct endpoint *to) {
    record_change(hub, tls_link_new_dial(&hub->shared, id, to));
}

void link_hub_hangup(struct link_hub *hub, link_id id) {
    struct tls_link *link = find(hub, id);
    if (link == NULL)
        return;
    link->is_hung_up = true;
    record_change(hub, link);
}

void link_hub_want_write(struct link_hub *hub, link_id id) {
    struct tls_link *link = find(hub, id);
    if (link == NULL || link->is_hung_up)
        return;
    link->wants_write = true;
    list_remove(&link->write_node);
    list_append(&hub->shared.asked, &link->write_node);
}

/* Reading was switched: when it goes on after a move, how long was that? */
static void note_unread(struct link_hub *hub, struct tls_link *link) {
    struct pause_figures *pauses = &hub->shared.pauses;
    nsec now = turn_clock_now(hub->shared.clock);
    if (!link->is_reading) {
        link->unread_since = now;
    } else if (link->has_moved) {
        link->has_moved = false;
        pauses->links++;
        pauses->sum += now - link->unread_since;
        pauses->longest = nsec_max(pauses->longest, now - link->unread_since);
    }
}

void link_hub_want_read(struct link_hub *hub, link_id id, bool on) {
    struct tls_link *link = find(hub, id);
    if (link == NULL || link->is_reading == on)
        return;
    link->is_reading = on;
    record_change(hub, link);
    note_unread(hub, link);
}

void link_hub_release(struct link_hub *hub, link_id id) {
    struct tls_link *link = find(hub, id);
    if (link == NULL)
        return;
    link->is_leaving = true;
    record_change(hub, link);
}

void link_hub_adopt(struct link_hub *hub, link_id id, struct tls_link *link) {
    CHECK(link->id == id);
    tls_link_join(link, &hub->shared);
    link->has_moved = true;
}

/* --- acting ----------------------------------------------------------------------------------------------------- */

/* Between turns nothing of a link is in use. The manager may have thought better of it. */
static void release(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    link->is_leaving = false;
    tls_link_leave(link);
    if (!manager_link_released(shared->manager, turn_clock_now(shared->clock), link->id, link))
        tls_link_join(link, shared);
}

static void carry_out_change(struct tls_link *link) {
    if (link->is_hung_up)
        tls_link_hang_up(link);
    else if (link->is_broken)
        tls_link_lost(link);
    else if (link->is_leaving)
        release(link);
    else if (link->fd < 0)
        tls_link_dial(link);
    else
        tls_link_apply_reading(link);
}

/* The link handshake is written at once, and the rest of a grant that was interrupted; cells wait for the scheduler. */
static void carry_out_write(struct link_hub *hub, struct tls_link *link) {
    link_output_handshake(link);
    if (link->has_grant && !tls_link_is_blocked(link))
        link_output_cells(link);
    if (link->wants_write && link->state == LINK_OPEN) {
        list_remove(&link->write_node);
        list_append(&hub->shared.writers, &link->write_node);
    }
}

bool link_hub_carry_out(struct link_hub *hub) {
    struct list *node;
    bool is_something_done = false;
    while ((node = list_take_first(&hub->shared.asked)) != NULL) {
        carry_out_write(hub, LIST_ENTRY(node, struct tls_link, write_node));
        is_something_done = true;
    }
    while ((node = list_take_first(&hub->shared.changed)) != NULL) {
        carry_out_change(LIST_ENTRY(node, struct tls_link, change_node));
        is_something_done = true;
    }
    return is_something_done;
}

void link_hub_write_ripe(struct link_hub *hub) {
    link_output_ripe(&hub->shared);
}

/* --- the scheduling round --------------------------------------------------------------------------------------- */

static void grow_round(struct link_hub *hub, uint32_t count) {
    hub->round_room = hub->round_room == 0 ? ROUND_FIRST : hub->round_room * 2;
    CHECK(hub->round_room > count);
    hub->facts = realloc(hub->facts, hub->round_room * sizeof *hub->facts);
    hub->grants = realloc(hub->grants, hub->round_room * sizeof *hub->grants);
    hub->round = realloc(hub->round, hub->round_room * sizeof *hub->round);
    CHECK(hub->facts != NULL && hub->grants != NULL && hub->round != NULL);
}

/* A link with bytes left over can write nothing, which is for the manager as if TCP held it back: it comes again after the
 * interval. To leave it out would have the manager ask for a round at once, again and again. */
static uint32_t collect_writers(struct link_hub *hub) {
    struct list *head = &hub->shared.writers;
    uint32_t count = 0;
    for (struct list *node = head->next; node != head; node = node->next) {
        struct tls_link *link = LIST_ENTRY(node, struct tls_link, write_node);
        if (count == hub->round_room)
            grow_round(hub, count);
        hub->round[count] = link;
        if (tls_link_is_blocked(link))
            hub->facts[count] = (struct tcp_facts){.link = link->id};
        else
            link_output_tcp_facts(link, &hub->facts[count]);
        count++;
    }
    return count;
}

bool link_hub_schedule(struct link_hub *hub, nsec now) {
    struct manager *manager = hub->shared.manager;
    if (link_hub_schedule_at(hub) > now)
        return false;
    uint32_t count = collect_writers(hub);
    count = manager_schedule(manager, now, hub->facts, count, hub->grants);
    for (uint32_t i = 0; i < count; i++) {
        struct tls_link *link = hub->round[i];
        CHECK(hub->grants[i].link == link->id);
        if (hub->grants[i].waits || link->is_hung_up)
            continue;
        link->wants_write = false; /* it asks again when it has more */
        list_remove(&link->write_node);
        if (hub->grants[i].cells != 0)
            link_output_cells(link);
    }
    return true;
}

/* --- time ------------------------------------------------------------------------------------------------------- */

static struct tls_link *oldest(const struct list *head) {
    return list_is_empty(head) ? NULL : LIST_ENTRY(head->next, struct tls_link, age_node);
}

static struct tls_link *coolest(const struct list *head) {
    return list_is_empty(head) ? NULL : LIST_ENTRY(head->next, struct tls_link, warm_node);
}

nsec link_hub_schedule_at(const struct link_hub *hub) {
    return list_is_empty(&hub->shared.writers) ? NSEC_NEVER : manager_schedule_at(hub->shared.manager);
}

nsec link_hub_next_wake(const struct link_hub *hub) {
    const struct link_shared *shared = &hub->shared;
    const struct tls_link *young = oldest(&shared->young), *closing = oldest(&shared->closing);
    const struct tls_link *warm = coolest(&shared->warm);
    nsec at = NSEC_NEVER;
    if (!list_is_empty(&shared->asked) || !list_is_empty(&shared->changed))
        return 0;
    if (young != NULL)
        at = nsec_min(at, young->since + LINK_YOUNG_NS);
    if (closing != NULL)
        at = nsec_min(at, closing->since + LINK_FLUSH_NS);
    if (warm != NULL)
        at = nsec_min(at, warm->active_at + LINK_WARM_NS);
    return at;
}

void link_hub_tick(struct link_hub *hub, nsec now) {
    struct link_shared *shared = &hub->shared;
    struct tls_link *link;
    while ((link = oldest(&shared->young)) != NULL && link->since + LINK_YOUNG_NS <= now)
        tls_link_lost(link);
    while ((link = oldest(&shared->closing)) != NULL && link->since + LINK_FLUSH_NS <= now)
        tls_link_free(link);
    while ((link = coolest(&shared->warm)) != NULL && link->active_at + LINK_WARM_NS <= now)
        tls_link_cool(link);
}
