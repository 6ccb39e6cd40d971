/* results_sustained - the maximum sustained throughput of a relay: of all windows of outputs.sustained_window_s, from
 * outputs.sustained_skip_s after the warm-up on, the one in which most bytes went over its links.
 *
 * Bytes are those of cells and of link handshakes, without what TLS and TCP add. */
#ifndef LOOM_SIM_RESULTS_SUSTAINED_H
#define LOOM_SIM_RESULTS_SUSTAINED_H

#include "sim/results_source.h"

struct results_sustained {
    double both_mbit;    /* received and sent, added */
    double relayed_mbit; /* sent alone */
    bool is_there;       /* the run was long enough for a window */
};

/* The scenario names a relay (outputs.sustained). */
struct results_sustained results_sustained(const struct results_source *source);

#endif
