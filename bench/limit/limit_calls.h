/* limit_calls - counts the system calls of one thread: those that go through libc, by standing before it, whoever makes them
 * (libevent too); back ends that call the kernel past libc say so themselves. */
#ifndef LOOM_LIMIT_LIMIT_CALLS_H
#define LOOM_LIMIT_LIMIT_CALLS_H

#include <stdatomic.h>
#include <stdint.h>

struct limit_calls {
    atomic_uint_least64_t count; /* written by its thread, read by another: relaxed, nothing goes with it */
};

/* From now on count the calls of this thread there. Borrows calls. */
void limit_calls_count_here(struct limit_calls *calls);
/* A call of this thread past libc. */
void limit_calls_add(uint64_t calls);
uint64_t limit_calls_so_far(const struct limit_calls *calls);

#endif
