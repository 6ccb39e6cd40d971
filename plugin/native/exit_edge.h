/* exit_edge - one exit stream at its destination: the connection made, raw bytes both ways.
 *
 * Functions that may end the edge say so; an ended edge is freed.
 * Owner and thread: one event thread, through its edge_hub. */
#ifndef LOOM_NATIVE_EXIT_EDGE_H
#define LOOM_NATIVE_EXIT_EDGE_H

#include <stdint.h>

#include "base/ids.h"

struct edge_hub;
struct endpoint;
struct exit_edge;

/* Known to hub from now on; nothing is done before exit_edge_carry_out. */
struct exit_edge *exit_edge_new(struct edge_hub *hub, edge_id id, const struct endpoint *to);
/* End the edge and tell nobody. */
void exit_edge_free(struct exit_edge *edge);
/* End the edge and tell the manager why (enum end_reason), unless it has closed it itself. */
void exit_edge_end(struct exit_edge *edge, uint8_t reason);
/* Do what the port was asked for. May end the edge. */
void exit_edge_carry_out(struct exit_edge *edge);

#endif
