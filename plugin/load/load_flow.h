/* load_flow - cells pressed through the relay in both directions, as many at a time as a window allows; or one at a time,
 * there and back.
 *
 * In any direction at most `window` cells are between writing and arrival, so a relay's queues do not grow without end: it
 * would close the circuit (circ_max_cell_queue_size).
 * Owner: main. */
#ifndef LOOM_LOAD_LOAD_FLOW_H
#define LOOM_LOAD_LOAD_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "load/load_lane.h"

#define LOAD_WINDOW_A_CIRCUIT 64u    /* cells; */
#define LOAD_WINDOW_MAX       16384u /* 8 MB: more than TCP holds on all links together would not be felt */

struct event_base;

struct load_flow {
    struct load_lane **in, **out; /* ways into the relay and out of it */
    uint32_t ways;
    struct load_shape *shape;
    struct event_base *base;
    uint64_t window;
    uint32_t turn; /* whose lane writes first */
};

/* Cells that have arrived so far, both directions. */
uint64_t load_flow_arrived(const struct load_flow *flow);
/* Cells that were written and have not arrived yet. */
uint64_t load_flow_under_way(const struct load_flow *flow);
/* Cells that may be written now, forward or backward. */
uint64_t load_flow_room(const struct load_flow *flow, bool is_backward);
uint64_t load_flow_verified(const struct load_flow *flow);
/* Press cells until that time. */
void load_flow_run(struct load_flow *flow, nsec until);
/* Press for that long and a quarter of it before, and say how many cells a second arrived. */
uint64_t load_flow_most(struct load_flow *flow, nsec length);
/* Write nothing more and wait for what is under way, at most until that time. */
void load_flow_drain(struct load_flow *flow, nsec until);
/* One cell in by the first way, and when it has come out, one back: count times; trips_out[i] is how long each took.
 * Returns how many came back in time. */
uint32_t load_flow_echo(struct load_flow *flow, uint32_t count, nsec *trips_out, nsec until);

#endif
