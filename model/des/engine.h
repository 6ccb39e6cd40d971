/* engine - discrete events of many hosts, in parallel, with the same result for any number of threads.
 *
 * A host is the unit of everything: it has its own queue, generator and counter, and its handlers touch nothing of
 * another host. Hosts only speak by host_send, which takes at least the lookahead. So a host may run all its events of a
 * window as long as the lookahead without looking at the others (conservative windows: Chandy, Misra, Bryant).
 * The law: a host sees its events by (time, source host, counter of the source); hence partitions, windows and threads
 * cannot be told from the results.
 * Partitions are groups of hosts that one thread runs at a time; windows between partitions are long when the caller
 * places near hosts together, shorter ones inside a partition cost no barrier.
 *
 * Thread: a partition's hosts are used by one thread at a time (engine_run: the caller's; des_threads: a worker each).
 * Memory: about 130 bytes a host and its queue; events 32 bytes. A host that cannot get memory stops the run. */
#ifndef LOOM_DES_ENGINE_H
#define LOOM_DES_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "base/rng.h"

typedef uint32_t host_id;
typedef uint8_t event_kind;

#define ENGINE_HOSTS_MAX      (UINT32_C(1) << 24) /* event_queue.h: the source in an event's order */
#define ENGINE_PARTITIONS_MAX 256u                /* more than any machine has cores for one simulation */
#define ENGINE_KINDS_MAX      64u                 /* a table; the network takes 6 */

struct engine;
struct host;
typedef void event_handler(struct host *host, nsec now, uint32_t arg, void *object);

struct engine_config {
    const struct memory *memory; /* usable from every thread that runs a partition */
    uint32_t hosts;
    uint32_t partitions;
    const uint8_t *partition_of; /* by host; NULL: host % partitions */
    nsec lookahead_within;       /* least delay between two hosts of a partition */
    nsec lookahead_across;       /* least delay between two hosts of different partitions */
    uint64_t seed;
    size_t object_size; /* of host_take */
};

/* Copies config; NULL without memory. */
MUST_USE struct engine *engine_new(const struct engine_config *config);
void engine_free(struct engine *engine);
/* A kind of event. */
event_kind engine_add_kind(struct engine *engine, event_handler *handler);
struct host *engine_host(struct engine *engine, host_id id);
/* Run all events up to and including until, in the caller's thread. ERR_LIMIT: a host got no memory; the rest of the
 * simulation would be wrong and is not run. */
MUST_USE enum err engine_run(struct engine *engine, nsec until);
/* Show every event that waits, in no order that means anything. */
void engine_visit(struct engine *engine, void (*visit)(struct host *host, event_kind kind, void *object));
uint64_t engine_events(const struct engine *engine);
/* Bytes of objects that host_take has ever made. */
uint64_t engine_object_bytes(const struct engine *engine);

/* --- what a host may do, in its handlers and before a run --------------------------------------------------------- */

host_id host_number(const struct host *host);
nsec host_now(const struct host *host);
/* The generator of this host alone, from the seed of the engine and the host's number. */
struct rng *host_rng(struct host *host);
const struct memory *host_memory(const struct host *host);
void host_set_user(struct host *host, void *user);
void *host_user(const struct host *host);
/* What a network model keeps of this host (net.h), beside what its user keeps. */
void host_set_network(struct host *host, void *network);
void *host_network(const struct host *host);
/* An event for itself; at >= now. */
void host_at(struct host *host, nsec at, event_kind kind, uint32_t arg, void *object);
/* An event for another host; at >= now + lookahead. Hands over object. */
void host_send(struct host *host, host_id to, nsec at, event_kind kind, uint32_t arg, void *object);
/* An object of object_size, content undefined. NULL without memory, and then the run stops. */
void *host_take(struct host *host);
void host_put(struct host *host, void *object);
/* Something that this host needs has no memory: stop the run. */
void host_fail(struct host *host);

/* --- for the runner that has threads ------------------------------------------------------------------------------ */

uint32_t engine_partitions(const struct engine *engine);
/* Before the rounds of a run. */
void engine_begin(struct engine *engine);
/* The end of the next round: NSEC_NEVER when nothing is left up to until or a host failed. Every thread gets the same. */
nsec engine_round_end(const struct engine *engine, uint64_t round, nsec until);
/* Run one partition through a round. Between two rounds every thread has passed a barrier. */
void engine_run_partition(struct engine *engine, uint32_t partition, uint64_t round, nsec end);
/* After the rounds; round is the first that was not run. */
MUST_USE enum err engine_end(struct engine *engine, uint64_t round, nsec until);
uint64_t engine_round(const struct engine *engine);

#endif
