/* load_steady - a transfer that asks for a steady rate in both directions and no more, beside which something else happens to
 * the relay: what arrives of it is what the relay still does for those who do nothing wrong.
 *
 * Each way has its share of the rate and a window of its own (LOAD_STEADY_WINDOW), so what is lost on one way is felt on no
 * other. What could not be written in time is not made up for, but for a tenth of a second's worth.
 * Owner: main. Bound: the window, on each way and in each direction. */
#ifndef LOOM_LOAD_LOAD_STEADY_H
#define LOOM_LOAD_LOAD_STEADY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/nsec.h"
#include "load/load_flow.h"

#define LOAD_STEADY_WINDOW 500u /* cells, as of a stream of tor's */

struct load_steady_count {
    uint64_t arrived, verified;
    nsec oldest; /* how long the cell that waits longest has been under way */
};

struct load_steady;

/* cells_per_s: of all ways together, each way. Borrows flow. */
struct load_steady *load_steady_new(struct load_flow *flow, uint32_t cells_per_s);
/* NULL is fine. */
void load_steady_free(struct load_steady *steady);
/* Press until that time, and say what has happened since the start; oldest is the longest seen since the last call. */
void load_steady_run(struct load_steady *steady, nsec until, struct load_steady_count *out);

#endif
