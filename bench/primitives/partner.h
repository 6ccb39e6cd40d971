/* partner - a thread on another core that sleeps until it is called, does its task, and calls back.
 *
 * Owner: a primitive. Thread: partner_call from the main thread only, which sleeps until the task is done: the two never run at
 * once, so the task may use what the caller owns. The eventfds order them. */
#ifndef LOOM_PRIMITIVES_PARTNER_H
#define LOOM_PRIMITIVES_PARTNER_H

#include "base/attributes.h"
#include "base/nsec.h"

struct partner;

struct partner_call {
    nsec wake_cpu; /* of the caller, for the call that wakes */
    nsec latency;  /* from just before that call until the partner runs */
    nsec task_cpu; /* of the partner, for the task */
    nsec rest_cpu; /* of the caller, for going to sleep and waking up again */
};

/* Keep the calling thread on the first core that it may use; partners go to the second. */
void partner_pin_caller(void);
/* Borrows state. NULL with *reason_out when there is but one core. */
MUST_USE struct partner *partner_new(void (*task)(void *state), void *state, const char **reason_out);
void partner_call(struct partner *partner, struct partner_call *out);
/* NULL is fine. */
void partner_free(struct partner *partner);

#endif
