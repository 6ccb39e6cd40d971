/* sim_flow - a session whose load is flows: for each that comes, a circuit of its own with streams of packets, as tgen and tor
 * behind it do.
 *
 * A flow's streams come by its model whether or not the ones before have ended. Those that come while there is no circuit wait
 * for one, at most FLOW_PATIENCE; a circuit that fails is replaced. A stream ends when both ends have said all, and fails when
 * its time is over, when nothing has moved for long, or with its circuit. The circuit goes with the flow's last stream.
 * Owner: its client. Memory: 100 bytes a flow, 200 a stream. Bound: as many flows as the client has sessions; further ones are
 * counted and not made. FLOW_STREAMS_MAX of a flow. */
#ifndef LOOM_SIM_SIM_FLOW_H
#define LOOM_SIM_SIM_FLOW_H

#include "sim/sim_client.h"

#define FLOW_PATIENCE    (120 * NSEC_PER_S) /* tor's SocksTimeout */
#define FLOW_STREAMS_MAX ORIGIN_STREAMS_MAX /* open and waiting, of one circuit */

/* Flows begin to come. */
void sim_flows_start(struct sim_client *client);
/* The next one does. */
void sim_flow_arrival(struct sim_client *client, nsec now);

/* What happens to a session with a flow. */
void sim_flow_circuit_open(struct sim_session *session, nsec now);
void sim_flow_circuit_failed(struct sim_session *session, nsec now, enum sim_outcome outcome);
void sim_flow_timer(struct sim_session *session, nsec now);
void sim_flow_stream_event(struct sim_session *session, nsec now, const struct origin_event *event);
/* The engine has stopped. */
void sim_flow_fini(struct sim_session *session);

#endif
