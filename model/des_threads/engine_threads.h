/* engine_threads - run an engine with worker threads: the only unit of model/ that knows of threads.
 *
 * Thread: the caller's is worker 0; the others live for one call. Each partition has one worker, and all workers pass a
 * barrier after each round, which is what hands a partition's outboxes to their readers. */
#ifndef LOOM_DES_THREADS_ENGINE_THREADS_H
#define LOOM_DES_THREADS_ENGINE_THREADS_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/nsec.h"

struct engine;

#define ENGINE_THREADS_MAX 64u

/* As engine_run, with up to threads threads (more than partitions are of no use). ERR_LIMIT also when a thread cannot
 * be started; then nothing was run. */
MUST_USE enum err engine_run_threads(struct engine *engine, nsec until, uint32_t threads);

#endif
