/* timers - deadlines in a binary heap whose entries live inside their owners.
 *
 * Owner: one thread. Equal deadlines fire in the order in which they were set. */
#ifndef LOOM_BASE_TIMERS_H
#define LOOM_BASE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/nsec.h"

struct timer {
    nsec at;
    uint64_t order;
    uint32_t position; /* 1-based place in the heap; 0: not set */
};

struct timers {
    const struct memory *memory;
    struct timer **heap;
    uint32_t count;
    uint32_t room;
    uint64_t order_next;
};

void timers_init(struct timers *timers, const struct memory *memory);
void timers_fini(struct timers *timers);
/* Set or move t to at. ERR_LIMIT when the heap cannot grow. Borrows t until it fires or is cleared. */
MUST_USE enum err timers_set(struct timers *timers, struct timer *t, nsec at);
void timers_clear(struct timers *timers, struct timer *t);
static inline bool timer_is_set(const struct timer *t) {
    return t->position != 0;
}
/* Earliest deadline, or NSEC_NEVER. */
nsec timers_next(const struct timers *timers);
/* Take off the earliest timer with at <= now, or NULL. */
struct timer *timers_take_due(struct timers *timers, nsec now);

#endif
