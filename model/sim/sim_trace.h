/* sim_trace - who is told what the cores of simulated relays tell (core/trace.h).
 */
#ifndef LOOM_SIM_SIM_TRACE_H
#define LOOM_SIM_SIM_TRACE_H

#include <stdint.h>

#include "base/nsec.h"
#include "core/trace.h"

/* Thread: the one that runs the relay; two relays may tell at once. */
struct sim_trace_sink {
    void (*event)(void *context, uint32_t relay, uint32_t station, nsec now, const struct trace_event *event);
    void *context;
};

#endif
