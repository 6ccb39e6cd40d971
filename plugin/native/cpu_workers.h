/* cpu_workers - threads for circuit handshakes and, when none of these waits, for tasks; beside the event threads.
 *
 * Thread: cpu_workers_new and _free from the main thread; the others from any. One lock protects the queue and the
 * current keys; a job runs outside of it, on a copy of the keys. Where many jobs wait, a worker takes its share of them at
 * once and hands the results back together: a wake costs as much as a tenth of a handshake.
 * Bound: JOBS_MAX waiting jobs; a job that finds the queue full is refused, and its circuit is then closed. TASKS_MAX
 * waiting tasks; at most half of the workers (but one) are on tasks at once, as one may take a second. */
#ifndef LOOM_NATIVE_CPU_WORKERS_H
#define LOOM_NATIVE_CPU_WORKERS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/attributes.h"
#include "core/job.h"

#define CPU_WORKERS_MAX      64u
#define JOBS_MAX             2048u /* a fifth of a second of one worker's time: beyond it clients give up anyway */
#define JOB_NS               100000u /* of a worker, usually */
#define JOBS_A_TURN          16u /* taken by a worker at once, which is how long a result may wait for others: 2 ms */
#define TASKS_MAX            1024u
#define CPU_WORKERS_CUTOFF_S 5u /* onion_queue_wait_cutoff, as in tor */
#define TASKS_OF_CLIENTS_MAX \
    16u /* that may wait when a client asks for one: half a second, and what comes after goes out as it is */

struct cpu_workers;
struct inbox;
struct pacing;
struct task;

/* Starts count threads, worker-1 and so on. Borrows crypt, copies keys. NULL when a thread cannot be started. */
MUST_USE struct cpu_workers *cpu_workers_new(unsigned count, const struct crypt_provider *crypt,
                                             const struct ntor_server_keys *keys);
/* Lets running jobs end, forgets waiting ones, joins the threads. NULL is fine. */
void cpu_workers_free(struct cpu_workers *workers);
/* From now on handshakes take the time that pacing (borrowed) says; the workers are its threads from first on. */
void cpu_workers_pace(struct cpu_workers *workers, struct pacing *pacing, uint32_t first);
/* Run job (copied) and post its result to reply_to, which outlives the workers. False when the queue is full. */
MUST_USE bool cpu_workers_submit(struct cpu_workers *workers, const struct job *job, struct inbox *reply_to);
/* Run task (handed over) some time, and post it to reply_to, which outlives the workers. False when waiting_max (at most
 * TASKS_MAX) wait already. */
MUST_USE bool cpu_workers_run(struct cpu_workers *workers, struct task *task, uint32_t waiting_max,
                              struct inbox *reply_to);
/* Jobs that begin from now on use these keys (copied). */
void cpu_workers_set_keys(struct cpu_workers *workers, const struct ntor_server_keys *keys);
/* Refuse jobs that would wait longer than this behind others, by what a job usually takes. */
void cpu_workers_set_delay(struct cpu_workers *workers, uint32_t milliseconds);
/* Refuse jobs that have waited so long when their turn comes; until then CPU_WORKERS_CUTOFF_S. */
void cpu_workers_set_cutoff(struct cpu_workers *workers, uint32_t seconds);
/* Work done so far by all of them. */
void cpu_workers_work(struct cpu_workers *workers, struct work *sum_out);
unsigned cpu_workers_count(const struct cpu_workers *workers);
/* Clock of the CPU time of worker number index; false when there is none. */
MUST_USE bool cpu_workers_clock(const struct cpu_workers *workers, unsigned index, clockid_t *clock_out);

#endif
