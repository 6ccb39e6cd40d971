/* edge_hub - the exit streams of a thread: connections made, raw bytes both ways.
 *
 * As with links, what the port is asked for is only recorded, and edge_hub_carry_out acts.
 * Owner and thread: one event thread. Memory: an object for each edge. Bound: the core's circuits and stream windows; a
 * stream that is not connected after EDGE_CONNECT_NS ends with END_TIMEOUT. */
#ifndef LOOM_NATIVE_EDGE_HUB_H
#define LOOM_NATIVE_EDGE_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "native/edge_shared.h"

/* Borrows all. */
void edge_hub_init(struct edge_hub *hub, struct event_base *base, struct turn_clock *clock, uint64_t seed);
void edge_hub_bind(struct edge_hub *hub, struct manager *manager);
/* Closes everything and tells nobody. */
void edge_hub_fini(struct edge_hub *hub);

/* What the port is asked for. */
void edge_hub_connect(struct edge_hub *hub, edge_id id, const struct endpoint *to);
void edge_hub_want_write(struct edge_hub *hub, edge_id id);
void edge_hub_want_read(struct edge_hub *hub, edge_id id, bool on);
void edge_hub_close(struct edge_hub *hub, edge_id id);

/* Do what was asked for since the last time. True when something was done. */
bool edge_hub_carry_out(struct edge_hub *hub);
nsec edge_hub_next_wake(const struct edge_hub *hub);
void edge_hub_tick(struct edge_hub *hub, nsec now);

#endif
