/* balance_policy - how links are spread over connection threads, and what threads say of theirs. See balance.h. */
#ifndef LOOM_CORE_BALANCE_POLICY_H
#define LOOM_CORE_BALANCE_POLICY_H

#include <stdint.h>

#include "base/ids.h"
#include "base/nsec.h"

enum balance_policy {
    BALANCE_ROUND_ROBIN, /* one after the other; nobody reports anything */
    BALANCE_LEAST_BUSY,  /* new links go to the least busy thread */
    BALANCE_MOVING,      /* and open ones move to it, when a thread is too busy */
};

#define BALANCE_ONE             (UINT32_C(1) << 20) /* a load: always busy */
#define BALANCE_REPORT_INTERVAL (NSEC_PER_S / 4)    /* of a thread that has something to do */
#define LINK_LOADS_MAX          8u /* in an answer: the nearest to what is asked for are enough to choose from */

/* A link, and what share of a core it costs, in parts of BALANCE_ONE. */
struct link_load {
    link_id link;
    uint32_t load;
};

/* How much less busy the busier of two threads is when load moves from it to one that is less busy by gap: negative is 0. */
static inline uint32_t balance_gain(uint32_t gap, uint32_t load) {
    return load >= gap ? 0 : load < gap - load ? load : gap - load;
}

/* The answer of a thread. */
struct link_loads {
    uint32_t count;
    struct link_load links[LINK_LOADS_MAX];
};

#endif
