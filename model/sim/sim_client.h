/* sim_client - a host with clients: sessions that pause, choose a path, build a circuit and fetch a file, again and again.
 *
 * sim_client.c   the host: its origin, links to guards, reading and writing
 * sim_session.c  what a session does
 * sim_flow.c     what it does when its load is flows
 * sim_probe.c    what is noted of it when it probes
 * The work of clients takes no time. Stream data is asked for when the stream is connected, as through a SOCKS port.
 * Owner: its engine host. */
#ifndef LOOM_SIM_SIM_CLIENT_H
#define LOOM_SIM_SIM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/table.h"
#include "crypt/symbolic.h"
#include "des/net.h"
#include "origin/origin.h"
#include "sim/sim_measure.h"
#include "sim/sim_paths.h"
#include "sim/sim_server.h"
#include "sim/sim_tls.h"
#include "sim/sim_watch.h"
#include "sim/sim_world_state.h"

struct sim_client;
struct sim_flow;
struct sim_probe;

enum sim_guard_phase { SIM_GUARD_CONNECTING, SIM_GUARD_TLS, SIM_GUARD_UP };

/* A connection to a guard. */
struct sim_guard {
    struct list entry;   /* in the client's */
    struct list touched; /* in the client's, when there may be something to write */
    struct sim_client *client;
    struct tcp *tcp;          /* NULL: gone */
    struct origin_link *link; /* NULL until TLS is done */
    struct sim_tls tls;
    uint32_t relay;
    uint32_t sessions; /* whose circuits are on it, or will be */
    nsec idle_since;   /* when it lost the last of them */
    uint8_t phase;     /* enum sim_guard_phase */
};

enum sim_session_state {
    SIM_SESSION_PAUSED,
    SIM_SESSION_LINKING,  /* waits for the link to its guard */
    SIM_SESSION_BUILDING, /* a circuit */
    SIM_SESSION_WAITING,  /* with its circuit, for the time of streams */
    SIM_SESSION_FETCHING,
};

struct sim_session {
    struct sim_client *client;
    struct sim_guard *guard;        /* of the path; NULL: none */
    struct origin_circuit *circuit; /* NULL: none */
    struct origin_stream *stream;   /* NULL: none */
    nsec timer_at;                  /* the next event that matters; NSEC_NEVER: none */
    nsec deadline;                  /* of the fetch; NSEC_NEVER: none */
    nsec circuit_born;
    uint64_t wanted;        /* bytes of the file */
    uint64_t requested;     /* bytes of the request, or of an upload, that are sent */
    uint32_t response_left; /* bytes of the server's response that have not come */
    uint32_t fetches;       /* begun */
    uint8_t state;          /* enum sim_session_state */
    bool is_circuit_open;
    bool is_answered; /* its upload has arrived */
    struct sim_transfer transfer;
    struct sim_build build;
    struct sim_flow *flow; /* NULL: none yet */
};

struct sim_client {
    enum sim_role role; /* first, as in all users of hosts */
    uint32_t number;
    struct sim_world *world;
    struct host *host;
    const struct sim_client_config *config;
    const struct sim_load *load;
    struct symbolic symbolic;
    struct origin *origin;
    struct list guards;
    struct list touched;
    struct sim_session *sessions;
    uint32_t *guard_relays; /* those that it keeps to: up to config->guards */
    uint32_t guard_count;
    uint64_t *file_weights; /* cumulative */
    struct sim_transfer *transfers;
    struct sim_build *builds;
    uint64_t transfer_count, transfer_room, build_count, build_room;
    uint64_t bytes_received;
    struct markov_walk arrivals; /* of flows */
    uint64_t flows, flows_left_out, streams_done, streams_failed;
    struct sim_probe *probe; /* NULL: it does not */
    bool is_sweep_planned;   /* of connections that are idle */
    bool is_in_turn;
    bool is_trim_due; /* a session pauses: what it has used may be given back */
};

/* Make client number `number` in place, zeroed, as user of its host. False without memory. */
MUST_USE bool sim_client_init(struct sim_client *client, struct sim_world *world, uint32_t number);
/* The engine has stopped; connections go with the network. */
void sim_client_fini(struct sim_client *client);
/* Record what is not over. */
void sim_client_finish(struct sim_client *client, nsec now);
/* After that: times at the server. */
void sim_client_note_upload(struct sim_client *client, const struct sim_upload *upload);
struct sim_client_measure sim_client_measure(const struct sim_client *client);

void sim_client_connected(struct host *host, nsec now, struct tcp *tcp);
void sim_client_readable(struct host *host, nsec now, struct tcp *tcp);
void sim_client_writable(struct host *host, nsec now, struct tcp *tcp);
void sim_client_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end);
event_handler sim_session_timer;
event_handler sim_client_sweep;

/* --- between the two files ----------------------------------------------------------------------------------------- */

/* The connection to that relay, dialled if there is none; NULL without memory. */
MUST_USE struct sim_guard *sim_client_guard(struct sim_client *client, nsec now, uint32_t relay);
/* A session takes its circuit to guard, and away from it. A connection that nobody has used for long is closed. */
void sim_guard_join(struct sim_guard *guard);
void sim_guard_leave(struct sim_guard *guard, nsec now);
/* Something may have to be written; it is at the end of the turn. */
void sim_guard_touch(struct sim_guard *guard);
/* Tell what has happened, write what is to be written. Does nothing inside of a turn. */
void sim_client_turn(struct sim_client *client, nsec now);

/* sim_session.c */
void sim_session_set_timer(struct sim_session *session, nsec at);
/* Choose a path and build a circuit. */
void sim_session_build(struct sim_session *session, nsec now);
/* Of circuit and guard, if there are any. */
void sim_session_drop(struct sim_session *session, nsec now);
void sim_sessions_start(struct sim_client *client);
void sim_session_event(struct sim_session *session, nsec now, const struct origin_event *event);
/* The simulation is over. */
void sim_session_stop(struct sim_session *session, nsec now);
/* The link that sessions have waited for stands, or not. */
void sim_session_link_open(struct sim_session *session, nsec now);
void sim_session_link_gone(struct sim_session *session, nsec now);

/* sim_flow.c: of a client whose load is flows, these begin to come; the next one does. */
void sim_flows_start(struct sim_client *client);
void sim_flow_arrival(struct sim_client *client, nsec now);
/* What happens to a session with a flow. */
void sim_flow_circuit_open(struct sim_session *session, nsec now);
void sim_flow_circuit_failed(struct sim_session *session, nsec now, enum sim_outcome outcome);
void sim_flow_timer(struct sim_session *session, nsec now);
void sim_flow_stream_event(struct sim_session *session, nsec now, const struct origin_event *event);
/* The engine has stopped. */
void sim_flow_fini(struct sim_session *session);

/* sim_probe.c: of a client that probes. NULL without memory. */
MUST_USE struct sim_probe *sim_probe_new(struct sim_client *client);
/* NULL is fine. */
void sim_probe_free(struct sim_client *client, struct sim_probe *probe);
/* A bin ends; looks again when the next does. What came of a fetch after its last look and before its end is not seen. */
void sim_probe_look(struct sim_client *client, nsec now);
/* NULL: none. */
struct sim_sights sim_probe_sights(const struct sim_probe *probe);

#endif
