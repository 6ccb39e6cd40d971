#include "native/edge_hub.h"

#include <stdlib.h>
#include <string.h>

#include "core/connection_manager.h"
#include "native/exit_edge.h"
#include "native/heap.h"
#include "native/turn_clock.h"
#include "wire/stream_messages.h"

/* --- life ------------------------------------------------------------------------------------------------------- */

void edge_hub_init(struct edge_hub *hub, struct event_base *base, struct turn_clock *clock, uint64_t seed) {
    memset(hub, 0, sizeof *hub);
    hub->base = base;
    hub->clock = clock;
    table_init(&hub->by_id, &heap_memory, seed);
    list_init(&hub->young);
    list_init(&hub->changed);
}

void edge_hub_bind(struct edge_hub *hub, struct manager *manager) {
    hub->manager = manager;
    hub->work = manager_work_mutable(manager);
}

void edge_hub_fini(struct edge_hub *hub) {
    uint32_t cursor = 0, count = hub->by_id.count;
    struct exit_edge **edges = heap_new((count + 1) * sizeof *edges);
    for (uint32_t i = 0; i < count; i++)
        edges[i] = table_next(&hub->by_id, &cursor)->value;
    for (uint32_t i = 0; i < count; i++)
        exit_edge_free(edges[i]);
    free(edges);
    table_fini(&hub->by_id);
    free(hub->received);
}

/* --- what the port is asked for --------------------------------------------------------------------------------- */

static struct exit_edge *find_open(struct edge_hub *hub, edge_id id) {
    struct exit_edge *edge = table_get(&hub->by_id, id);
    if (edge == NULL || edge->is_closed)
        return NULL;
    list_remove(&edge->change_node);
    list_append(&hub->changed, &edge->change_node);
    return edge;
}

void edge_hub_connect(struct edge_hub *hub, edge_id id, const struct endpoint *to) {
    (void)exit_edge_new(hub, id, to);
}

void edge_hub_want_write(struct edge_hub *hub, edge_id id) {
    struct exit_edge *edge = find_open(hub, id);
    if (edge != NULL)
        edge->wants_write = true;
}

void edge_hub_want_read(struct edge_hub *hub, edge_id id, bool on) {
    struct exit_edge *edge = find_open(hub, id);
    if (edge != NULL)
        edge->is_reading = on;
}

void edge_hub_close(struct edge_hub *hub, edge_id id) {
    struct exit_edge *edge = find_open(hub, id);
    if (edge != NULL)
        edge->is_closed = true;
}

bool edge_hub_carry_out(struct edge_hub *hub) {
    bool is_something_done = false;
    for (struct list *node; (node = list_take_first(&hub->changed)) != NULL;) {
        exit_edge_carry_out(LIST_ENTRY(node, struct exit_edge, change_node));
        is_something_done = true;
    }
    return is_something_done;
}

static struct exit_edge *oldest(const struct edge_hub *hub) {
    return list_is_empty(&hub->young) ? NULL : LIST_ENTRY(hub->young.next, struct exit_edge, age_node);
}

nsec edge_hub_next_wake(const struct edge_hub *hub) {
    const struct exit_edge *edge = oldest(hub);
    if (!list_is_empty(&hub->changed))
        return 0;
    return edge == NULL ? NSEC_NEVER : edge->since + EDGE_CONNECT_NS;
}

void edge_hub_tick(struct edge_hub *hub, nsec now) {
    for (struct list *node = hub->young.next, *next; node != &hub->young; node = next) {
        struct exit_edge *edge = LIST_ENTRY(node, struct exit_edge, age_node);
        next = node->next;
        if (edge->since + EDGE_CONNECT_NS > now)
            return;
        exit_edge_end(edge, END_TIMEOUT);
    }
}
