/* sim_relay - a relay in the engine: a host with the relay core, whose ports record and whose threads carry out.
 *
 * Owner: its engine host. Memory: the core's, and 600 bytes a link. */
#ifndef LOOM_SIM_SIM_RELAY_H
#define LOOM_SIM_SIM_RELAY_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "base/work.h"
#include "des/net.h"
#include "des/tcp.h"
#include "sim/sim_measure.h"

struct sim_relay;
struct sim_world;

size_t sim_relay_size(void);
/* Make relay number `number` in place, zeroed, as user of its host. False without memory. */
MUST_USE bool sim_relay_init(struct sim_relay *relay, struct sim_world *world, uint32_t number);
/* The engine has stopped; connections go with the network. */
void sim_relay_fini(struct sim_relay *relay);
/* Close the samples that ended by now. */
void sim_relay_sample(struct sim_relay *relay, nsec now);
struct sim_relay_measure sim_relay_measure(const struct sim_relay *relay);
/* From now on the core's trace goes to the world's sink. */
void sim_relay_trace(struct sim_relay *relay);
nsec sim_relay_busy(const struct sim_relay *relay, uint16_t thread);
/* Links that are open and halves that live now, over all managers. */
struct working_set sim_relay_load(const struct sim_relay *relay, nsec now);

/* --- from the network (struct net_calls) --------------------------------------------------------------------------- */

bool sim_relay_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port);
void sim_relay_connected(struct host *host, nsec now, struct tcp *tcp);
void sim_relay_readable(struct host *host, nsec now, struct tcp *tcp);
void sim_relay_writable(struct host *host, nsec now, struct tcp *tcp);
void sim_relay_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end);

/* Events of its host. */
event_handler sim_relay_step_end;
event_handler sim_relay_timer;

#endif
