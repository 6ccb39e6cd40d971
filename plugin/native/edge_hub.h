/* edge_hub - the exit streams of a thread: names looked up, policy asked, connections made, raw bytes both ways.
 *
 * As with links, what the port is asked for is only recorded, and edge_hub_carry_out acts.
 * resolving -> connecting -> open. The policy is asked of the address that is connected to, after the name is resolved,
 * so that a name cannot lead past it.
 * Owner and thread: one event thread. Memory: an object for each edge. Bound: the core's circuits and stream windows; a
 * stream that is not connected after EDGE_CONNECT_NS ends with END_TIMEOUT. */
#ifndef LOOM_NATIVE_EDGE_HUB_H
#define LOOM_NATIVE_EDGE_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "wire/stream_messages.h"

struct event_base;
struct evdns_base;
struct exit_policy;
struct manager;
struct turn_clock;

#define EDGE_CONNECT_NS (20 * NSEC_PER_S)
#define EDGE_READ_ROOM  (64u * 1024u)
#define EDGE_READ_TURN  (256u * 1024u) /* of one edge in one turn */
#define EDGE_SPANS_MAX  64u

struct edge_hub {
    struct event_base *base;
    struct manager *manager;
    struct turn_clock *clock;
    const struct exit_policy *policy;
    bool ipv6_exit;
    struct evdns_base *dns; /* made for the first name */
    uint8_t *received;      /* EDGE_READ_ROOM; made for the first edge */
    struct table by_id;
    struct list young;   /* not yet open, longest first */
    struct list changed; /* something was asked for */
    struct list lookups; /* names that evdns works on */
};

/* Borrows all. policy already rejects what must not be reached (private addresses). */
void edge_hub_init(struct edge_hub *hub, struct event_base *base, struct turn_clock *clock,
                   const struct exit_policy *policy, bool ipv6_exit, uint64_t seed);
void edge_hub_bind(struct edge_hub *hub, struct manager *manager);
/* Closes everything and tells nobody. */
void edge_hub_fini(struct edge_hub *hub);

/* What the port is asked for. */
void edge_hub_open(struct edge_hub *hub, edge_id id, const struct begin_message *to);
void edge_hub_want_write(struct edge_hub *hub, edge_id id);
void edge_hub_want_read(struct edge_hub *hub, edge_id id, bool on);
void edge_hub_close(struct edge_hub *hub, edge_id id);

/* Do what was asked for since the last time. True when something was done. */
bool edge_hub_carry_out(struct edge_hub *hub);
nsec edge_hub_next_wake(const struct edge_hub *hub);
void edge_hub_tick(struct edge_hub *hub, nsec now);

#endif
