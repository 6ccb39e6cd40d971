/* load_waiting - how long threads were ready to run and had no core, by the scheduler's own count: what other programs of the
 * machine took from them.
 *
 * Owner: main. Memory: in place; a descriptor for each thread. Threads that begin later are not watched. */
#ifndef LOOM_LOAD_LOAD_WAITING_H
#define LOOM_LOAD_LOAD_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "load/load_cpu.h"

struct load_waiting {
    int threads[LOAD_THREADS_MAX];
    uint32_t count;
};

void load_waiting_init(struct load_waiting *waiting);
void load_waiting_fini(struct load_waiting *waiting);
/* Watch all threads of a process, too. False when it is not there. */
MUST_USE bool load_waiting_watch(struct load_waiting *waiting, uint32_t pid);
/* Of all that are watched, so far. */
nsec load_waiting_read(const struct load_waiting *waiting);

#endif
