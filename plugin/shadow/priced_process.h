/* priced_process - the virtual CPU of a process that knows nothing of it, and the numbers of its threads.
 *
 * It is told by the environment, as Shadow's configuration has one for each process:
 *   LOOM_PRICE_PROFILE            the profile: a file. Must be there
 *   LOOM_PRICE_CORES              of the CPU, and
 *   LOOM_PRICE_THREADS_PER_CORE   of each: those of the profile
 *   LOOM_PRICE_AHEAD_US           by which a thread may be ahead of its work: VIRTUAL_CPU_AHEAD_US
 *   LOOM_PRICE_REPORT             a file that says at the end what was done
 *   LOOM_PRICE_OUTSIDE_SHADOW     1: prices a process outside of Shadow, too, which then takes longer than it should
 * Thread: any. */
#ifndef LOOM_SHADOW_PRICED_PROCESS_H
#define LOOM_SHADOW_PRICED_PROCESS_H

#include <stdbool.h>

#include "base/nsec.h"
#include "base/work.h"

/* Read the environment; the calling thread is the process's main thread. Ends the process, with a line that says why, when it
 * cannot be priced. */
void priced_process_start(void);
bool priced_process_is_main_thread(void);
/* The calling thread has done this work. */
void priced_process_pay(const struct work *work, const struct working_set *set);
/* The same of work that nobody sees. Returns when it will be done. */
nsec priced_process_queue(const struct work *work, const struct working_set *set);
/* The calling thread has waited since then, with nothing to do. */
void priced_process_woken(nsec since);
nsec priced_process_now(void);
/* Write the report, if one is wanted. */
void priced_process_end(void);

#endif
