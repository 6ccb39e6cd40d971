/* bandwidth_terms - how the managers of a relay hold its rate and burst together: the numbers that both sides know. */
#ifndef LOOM_CORE_BANDWIDTH_TERMS_H
#define LOOM_CORE_BANDWIDTH_TERMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/relay_config.h"

struct bandwidth_terms {
    uint64_t rate,
        burst; /* bytes per second, and at once: of the whole relay; a burst holds a TLS record at least */
    uint64_t keep;     /* what a manager that wants nothing may hold, so that it never has to ask first */
    uint64_t piece;    /* smallest loan to who wants more: a record, so that records stay full */
    uint16_t managers; /* with links */
    bool
        is_lent; /* managers borrow from the controller's bucket; otherwise the one that has links has its own */
};

struct bandwidth_terms bandwidth_terms_of(const struct relay_config *config);

#endif
