/* runtime - the native runtime of one relay: its core, the event threads, the CPU workers, and the news that they get.
 *
 * Owner and thread: the main thread. Order: runtime_new, what others want to add to its loop, runtime_run, runtime_free.
 * News (certificates, keys, consensus) are immutable snapshots that each thread keeps for as long as it uses them. */
#ifndef LOOM_NATIVE_RUNTIME_H
#define LOOM_NATIVE_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/work.h"
#include "core/hibernation.h"
#include "native/complaint.h"
#include "native/runtime_setup.h"

struct dns_patience;
struct archive;
struct consensus_view;
struct evbuffer;
struct event_base;
struct runtime;
struct task;
struct tls_identity;

/* Everything is ready, but no thread runs yet. NULL with a complaint. */
MUST_USE struct runtime *runtime_new(const struct runtime_setup *setup, struct complaint *complaint);
/* Start the threads and turn until a signal says to stop: SIGTERM at once, SIGINT after ShutdownWaitLength. SIGHUP
 * opens the logs again and asks for a reload. False with a complaint when a thread cannot be started. */
MUST_USE bool runtime_run(struct runtime *runtime, struct complaint *complaint);
/* Everything has stopped. NULL is fine. */
void runtime_free(struct runtime *runtime);

/* The main thread's loop, for events of others. */
struct event_base *runtime_base(struct runtime *runtime);
/* What our links are made with now: borrowed, until the loop turns. */
const struct tls_identity *runtime_identity(const struct runtime *runtime);
/* All threads follow this consensus from now on. Hands over a reference. */
void runtime_set_consensus(struct runtime *runtime, struct consensus_view *view);
/* All threads sleep or wake up (core/hibernation.h), and the listeners; before runtime_run() too. */
void runtime_hibernate(struct runtime *runtime, enum hibernation hibernation);
/* The wall clock was set: links judge certificates by it, and keys are renewed that are due now. */
void runtime_clock_jumped(struct runtime *runtime);
/* Circuit handshakes that would wait longer are refused (MaxOnionQueueDelay). */
void runtime_set_onion_queue_delay(struct runtime *runtime, uint32_t milliseconds);
/* And those that have waited so long after all (onion_queue_wait_cutoff). */
void runtime_set_onion_queue_cutoff(struct runtime *runtime, uint32_t seconds);
/* Another relay has dialled us so. */
bool runtime_is_reached_over_ipv6(struct runtime *runtime);
/* How long name servers are waited for (exit_dns_timeout, exit_dns_num_attempts). */
void runtime_set_names_patience(struct runtime *runtime, const struct dns_patience *patience);
/* All threads answer directory requests from this archive from now on. Hands over a reference. */
void runtime_set_archive(struct runtime *runtime, struct archive *archive);
/* Give a task (handed over) to the workers; it comes back on the main thread. False when too many wait, or none runs. */
MUST_USE bool runtime_submit(struct runtime *runtime, struct task *task);
/* Sum of the managers' counters, at most about 200 ms old. */
void runtime_work(struct runtime *runtime, struct work *sum_out);
/* All counters and gauges as Prometheus text. */
void runtime_metrics(struct runtime *runtime, struct evbuffer *out);
/* End the loop, as SIGTERM does. */
void runtime_stop(struct runtime *runtime);

#endif
