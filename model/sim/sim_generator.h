/* sim_generator - loom-load's twin: one host before and behind relay 0 that builds circuits through it and presses cells over them.
 *
 * Half of its links lead into the relay; the other half are relays of their own, each an identity at a port, to which the
 * relay is made to extend. When all circuits are there it writes as loom-load does (plugin/load: load_flow, load_lane): lanes in
 * turn, each up to SIM_GENERATOR_RECORDS full records at a time, runs of one circuit after the other, and no more than a
 * window of cells under way in each direction. What arrives is counted and thrown away. Its own work takes no time, but at a rate
 * and when it has prices.
 *
 * sim_generator_host.c  the host: events, turns, when the load begins
 * sim_generator_link.c  links becoming open, circuits being built
 * sim_generator_lane.c  a link under load: cells written and counted
 * sim_generator_priced.c  as many as go, and each piece of its thread's work takes time
 * sim_generator_rate.c  a load at a rate: when bursts are written, and the time that the generator's thread takes
 * Owner: its engine host. Bound: those of loom-load (sim_config.h). */
#ifndef LOOM_SIM_SIM_GENERATOR_H
#define LOOM_SIM_SIM_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "des/net.h"
#include "des/tcp.h"
#include "sim/sim_measure.h"

#define SIM_GENERATOR_PORT    10000u /* of the first way out; the others' follow */
#define SIM_GENERATOR_RECORDS 4u     /* load_connection.h: LOAD_RECORDS_A_SEND */

struct sim_generator;
struct sim_world;

/* Make the generator of the world's config, as user of its host. NULL without memory. */
MUST_USE struct sim_generator *sim_generator_new(struct sim_world *world);
/* The engine has stopped; connections go with the network. NULL is fine. */
void sim_generator_free(struct sim_generator *generator);
struct sim_generator_measure sim_generator_measure(const struct sim_generator *generator);

/* --- from the network (struct net_calls) --------------------------------------------------------------------------- */

bool sim_generator_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port);
void sim_generator_connected(struct host *host, nsec now, struct tcp *tcp);
void sim_generator_readable(struct host *host, nsec now, struct tcp *tcp);
void sim_generator_writable(struct host *host, nsec now, struct tcp *tcp);
void sim_generator_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end);

/* Events of its host. */
event_handler sim_generator_turn;
event_handler sim_generator_begin;

#endif
