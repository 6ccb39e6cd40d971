/* sim_world - a whole simulated network: relays with the relay core, clients with the origin core, servers, in an engine.
 *
 * The same config gives the same measurements for any number of threads and partitions, any compiler and any machine.
 * Thread: the caller's; sim_world_run starts others for its own time. */
#ifndef LOOM_SIM_SIM_WORLD_H
#define LOOM_SIM_SIM_WORLD_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/nsec.h"
#include "sim/sim_config.h"
#include "sim/sim_measure.h"
#include "sim/sim_trace.h"
#include "sim/sim_watch.h"

struct sim_world;

/* Borrows config and what it points to; it has passed sim_config_check. NULL without memory. */
MUST_USE struct sim_world *sim_world_new(const struct sim_config *config);
/* NULL is fine. */
void sim_world_free(struct sim_world *world);

/* Run all that happens up to and including until, in up to threads threads. May be called again and again, for progress:
 * that is not part of the result either. ERR_LIMIT without memory: there is no result. */
MUST_USE enum err sim_world_run(struct sim_world *world, nsec until, uint32_t threads);
/* The end: transfers that are not over are recorded as unfinished. After it nothing more is run. */
void sim_world_finish(struct sim_world *world);

/* Borrowed until sim_world_free; complete up to the time that was run. */
struct sim_relay_measure sim_world_relay(const struct sim_world *world, uint32_t relay);
struct sim_client_measure sim_world_client(const struct sim_world *world, uint32_t client);
struct sim_totals sim_world_totals(const struct sim_world *world);
/* What an adversary saw at a server, and what a client that probes did; of others nothing. */
struct sim_sights sim_world_server_sights(const struct sim_world *world, uint32_t server);
struct sim_sights sim_world_probe_sights(const struct sim_world *world, uint32_t client);
/* Links that are open and halves that live, over all managers. */
struct working_set sim_world_relay_load(const struct sim_world *world, uint32_t relay);
/* What a thread (as in sim_thread_measure) has worked since time 0; a step that runs counts to its end. */
nsec sim_world_relay_busy(const struct sim_world *world, uint32_t relay, uint16_t thread);
/* There is one. */
struct sim_generator_measure sim_world_generator(const struct sim_world *world);

/* Tell each event of each relay's core to the sink, from the threads that run it. Before the first run. */
void sim_world_trace(struct sim_world *world, const struct sim_trace_sink *sink);

#endif
