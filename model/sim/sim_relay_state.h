/* sim_relay_state - what the files of a simulated relay share. Not for others.
 *
 * sim_relay_host.c     making and ending, events, timers
 * sim_relay_port.c     the port: each call only records
 * sim_relay_step.c     inputs to the core, and what they are priced at
 * sim_relay_kernel.c   what of a price falls to other cores
 * sim_relay_out.c      what a step did, shown to the world at its end
 * sim_relay_links.c    links: coming, going, TLS, reading
 * sim_relay_writing.c  links: scheduling, writing
 * sim_relay_sockets.c  links of the published prototype, on its connection threads: sockets and TLS
 * sim_relay_edges.c    exit streams: connections to servers */
#ifndef LOOM_SIM_SIM_RELAY_STATE_H
#define LOOM_SIM_SIM_RELAY_STATE_H

#include "base/list.h"
#include "base/table.h"
#include "core/relay.h"
#include "crypt/symbolic.h"
#include "sim/sim_relay.h"
#include "sim/sim_series.h"
#include "sim/sim_threads.h"
#include "sim/sim_tls.h"
#include "sim/sim_world_state.h"

enum sim_input_kind {
    SIM_IN_ACCEPT,           /* payload: struct sim_link; for the controller */
    SIM_IN_ACCEPT_FAILED,    /* object: link; for the controller */
    SIM_IN_LINK_CONNECTED,   /* object: link, dialled: TCP stands */
    SIM_IN_LINK_OPENED,      /* object: link, whose socket has finished TLS */
    SIM_IN_LINK_READ,        /* object: link */
    SIM_IN_LINK_CLOSED,      /* object: link */
    SIM_IN_LINK_WRITE,       /* object: link, with a grant */
    SIM_IN_LINK_RELEASE,     /* object: link that is to move to another station */
    SIM_IN_SOCKET_CONNECTED, /* object: link; these five for its connection thread */
    SIM_IN_SOCKET_READ,
    SIM_IN_SOCKET_WRITE,
    SIM_IN_SOCKET_CLOSED, /* by the other end */
    SIM_IN_SOCKET_CLOSE,  /* by its manager */
    SIM_IN_DRAIN,
    SIM_IN_SCHEDULE,
    SIM_IN_TICK,
    SIM_IN_JOB,            /* payload: struct job; station: who wants the result; on a CPU worker */
    SIM_IN_JOB_DONE,       /* payload: struct job_result */
    SIM_IN_KERNEL,         /* for a kernel thread */
    SIM_IN_EDGE_CONNECTED, /* object: edge */
    SIM_IN_EDGE_READ,      /* object: edge */
    SIM_IN_EDGE_WRITABLE,  /* object: edge */
    SIM_IN_EDGE_CLOSED,    /* object: edge */
};

/* What is asked of the runtime. The first are done within the step, the others are seen by the world at its end. */
enum sim_ask_kind {
    SIM_ASK_WANT_WRITE,      /* object: link */
    SIM_ASK_WANT_READ,       /* object: link */
    SIM_ASK_EDGE_WANT_WRITE, /* object: edge */
    SIM_ASK_EDGE_WANT_READ,  /* object: edge */
    SIM_ASK_EDGE_RESOLVE,    /* object: edge; payload: struct name_query */
    SIM_ASK_ADOPT,           /* object: link, that comes from another station */

    SIM_ASK_DIAL,         /* object: link; payload: struct endpoint */
    SIM_ASK_HANGUP,       /* object: link */
    SIM_ASK_RELEASE,      /* object: link */
    SIM_ASK_EDGE_CONNECT, /* object: edge; payload: struct endpoint */
    SIM_ASK_EDGE_CLOSE,   /* object: edge */
    SIM_ASK_OFFLOAD,      /* payload: struct job */
    SIM_ASK_WAKE,         /* object: station */
    SIM_ASK_LINK_SEND,    /* object: link, whose train goes out */
    SIM_ASK_EDGE_SEND,    /* object: edge, whose train goes out */
    SIM_ASK_HAND_OVER,    /* object: link, accepted: to its thread */
    SIM_ASK_SOCKET_READ,  /* object: link, whose socket may read again */
    SIM_ASK_SOCKET_DONE,  /* object: link, whose socket has had a step */
    SIM_ASK_JOB_DONE,     /* payload: struct job_result */
};

struct sim_ask {
    uint64_t object;
    void *payload; /* from the relay's memory */
    uint16_t station;
    uint8_t kind;
    bool on;
};

struct sim_asks {
    struct sim_ask *items;
    uint32_t count, room;
};

enum sim_user { SIM_USER_LINK, SIM_USER_EDGE };

enum sim_link_phase {
    SIM_LINK_CONNECTING, /* dialled, or accepted and not yet with its thread */
    SIM_LINK_TLS,        /* a flight of the other end is awaited */
    SIM_LINK_UP,         /* the manager has been told */
};

/* The socket of a link and its TLS on a connection thread of their own, apart from the manager (sim_relay_sockets.c). */
struct sim_socket {
    uint16_t thread;
    bool is_read_posted;
    bool is_write_posted;
    bool is_held;            /* it would read, but too much waits for the manager */
    bool is_tls_done;        /* in the step that runs */
    bool is_closed;          /* by the other end, in the step that runs */
    bool is_leaving;         /* closed by its manager */
    bool is_closing;         /* at the end of the step that runs */
    bool is_closed_after;    /* the manager hears that it has closed when it has read what waits */
    struct sim_train opened; /* read in the step that runs */
    struct sim_train inbuf;  /* waits for the manager */
    struct sim_train outbuf; /* waits for the socket */
    struct sim_train sealed; /* sent at the end of the step that runs */
    uint64_t plain_in;       /* bytes that have crossed */
    uint64_t plain_out;
};

/* A connection thread that has sockets and no manager. */
struct sim_socket_thread {
    struct work work;
    struct work priced; /* work up to here has been paid for */
    bool is_woken;      /* since its turn began */
};

struct sim_link {
    enum sim_user user; /* first, as in sim_edge: what tcp_user points to */
    uint8_t phase;      /* enum sim_link_phase */
    bool is_initiator;
    bool is_paused;
    bool is_hung_up; /* by the manager, in the step that runs */
    bool is_moving;  /* released, and not yet adopted: it is no station's */
    bool is_read_posted;
    bool is_send_asked;
    uint8_t reads; /* in this turn, each of all that may be read at a time */
    uint16_t station;
    uint32_t read_ahead;       /* bytes of a record that the next read would still have to bring */
    host_id peer;              /* dialled: the relay's number */
    link_id id;                /* 0: not yet accepted */
    struct tcp *tcp;           /* NULL: gone */
    struct sim_socket *socket; /* NULL: on the thread of its station */
    struct list wanting;       /* in the station's */
    struct sim_train out;
    struct sim_tls tls;
};

struct sim_edge {
    enum sim_user user;
    bool is_paused;
    bool is_read_posted;
    bool is_send_asked;
    bool was_full;      /* what was read last: there may be more */
    uint8_t end_reason; /* when tcp has gone */
    uint16_t station;
    edge_id id;
    struct tcp *tcp; /* NULL: gone; the manager hears of it when nothing is unread */
    uint32_t server;
    uint64_t unread; /* bytes taken from TCP and not yet given to the manager */
    struct sim_train out;
};

/* A station of the core with its port. */
struct sim_station {
    struct port port; /* first: the core hands it back */
    struct sim_relay *relay;
    struct manager *manager; /* NULL: the controller */
    struct list wanting;     /* links that want to write, first come first served */
    uint32_t wanting_count;
    uint32_t drained;       /* messages in this turn */
    struct work priced;     /* work up to here has been paid for */
    nsec timer_at;          /* of the event to come; NSEC_NEVER: none */
    nsec scheduled_at;      /* the last scheduling run; 0: none yet */
    uint32_t granted_count; /* links that it let write */
    uint16_t id;
    uint16_t thread;
    bool is_schedule_posted;
    bool is_asleep; /* scheduling runs that could grant nothing are left out (sim_links_wake) */
    bool is_tick_posted;
};

struct sim_relay {
    enum sim_role role; /* first, as in all users of hosts */
    uint32_t number;
    struct sim_world *world;
    struct host *host;
    const struct sim_cpu *cpu;
    const struct sim_identity *identity;
    const struct cost_behaviour *behaviour;
    const struct crypt_provider *crypt;
    struct symbolic symbolic;
    struct relay *core;
    struct sim_station *stations;
    struct sim_threads threads; /* main, connection threads, CPU workers, kernel threads */
    struct sim_series series;
    struct sim_asks wishes; /* of the step that runs: to be done within it */
    struct sim_asks *later; /* of each thread: to be seen at the end of its step */
    struct sim_socket_thread
        *socket_threads;     /* numbers 1 to socket_thread_count of threads; none but with COST_POC */
    struct table links;      /* link_id -> struct sim_link */
    struct table edges;      /* edge_id -> struct sim_edge */
    struct tcp_facts *facts; /* for scheduling runs */
    struct grant *grants;
    uint32_t facts_room;
    uint16_t station_count; /* the controller is the last */
    uint16_t thread_count;
    uint16_t worker_first; /* thread */
    uint16_t worker_next;
    uint16_t kernel_thread_count; /* the last so many threads */
    uint64_t *kernel_owed_ps;     /* of each */
    uint16_t socket_thread_count;
    uint16_t socket_thread_next;
    bool looks_free;    /* it pays nothing for a scheduling run that finds nothing */
    bool is_main_woken; /* by a socket, since the main thread's turn began */
};

/* sim_relay_port.c */
extern const struct port sim_relay_port;
/* payload: size bytes are copied; NULL: none. Without memory the run stops. */
void sim_ask_add(struct sim_relay *relay, struct sim_asks *asks, const struct sim_ask *ask,
                 const void *payload, size_t size);
/* Seen at the end of the step of station's thread. */
void sim_ask_later(struct sim_station *station, enum sim_ask_kind kind, uint64_t object);
void sim_ask_drop(struct sim_relay *relay, const struct sim_ask *ask);
void sim_asks_free(struct sim_relay *relay, struct sim_asks *asks);

/* sim_relay_step.c */
nsec sim_relay_step(struct sim_threads *threads, nsec now, uint16_t thread, const struct sim_input *input);
nsec sim_relay_wake(struct sim_threads *threads, nsec now, uint16_t thread);
/* Takes payload over. False without memory, and then the run stops. */
bool sim_relay_post(struct sim_station *station, nsec now, enum sim_input_kind kind, uint64_t object,
                    void *payload);
/* The same, to be handled before all that waits: the rest of the step that runs. */
void sim_relay_post_rest(struct sim_station *station, nsec now, enum sim_input_kind kind, uint64_t object);
/* Do what the core wishes within a step; a wish may lead to others. False when there was none. */
bool sim_relay_grant_wishes(struct sim_relay *relay, nsec now);
/* Free what an input that is not handled carries. */
void sim_relay_drop(struct sim_threads *threads, const struct sim_input *input);

/* sim_relay_kernel.c */
/* How many kernel threads a relay on that machine has. */
uint16_t sim_kernel_threads(const struct sim_cpu *cpu);
void sim_relay_place_threads(struct sim_relay *relay);
/* What the thread pays for delta; the rest is left to the kernel, for the link (or edge, or nothing) that it was done for.
 * There are prices. */
nsec sim_relay_charge(struct sim_relay *relay, nsec now, uint16_t thread, uint64_t object,
                      const struct work *delta, const struct working_set *set);
nsec sim_kernel_step(struct sim_relay *relay, uint16_t thread);

/* sim_relay_out.c */
void sim_relay_finish_step(struct sim_threads *threads, nsec now, uint16_t thread);

/* sim_relay_links.c; inputs, within a step */
void sim_link_accept(struct sim_station *station, nsec now, struct sim_link *link);
void sim_link_connected(struct sim_station *station, link_id id);
void sim_link_opened(struct sim_station *station, nsec now, link_id id);
void sim_link_read(struct sim_station *station, nsec now, link_id id);
void sim_link_closed(struct sim_station *station, nsec now, link_id id);
void sim_link_release(struct sim_station *station, nsec now, link_id id);
void sim_link_adopt(struct sim_station *station, nsec now, link_id id);
/* and at its end */
void sim_link_dial(struct sim_station *station, nsec now, link_id id, const struct endpoint *to);
void sim_link_hang_up(struct sim_station *station, nsec now, link_id id);
struct sim_link *sim_link_new(struct sim_relay *relay, struct tcp *tcp, bool is_initiator);
void sim_link_free(struct sim_relay *relay, struct sim_link *link);
struct sim_link *sim_link_find(struct sim_relay *relay, link_id id);
/* Its manager or, if it has one, its socket is to look for what came. */
void sim_link_post_read(struct sim_relay *relay, nsec now, struct sim_link *link);
/* Its manager is to take what its socket has read. */
void sim_link_post_intake(struct sim_relay *relay, nsec now, struct sim_link *link);
/* Off the list of those that want to write. */
void sim_link_leave_list(struct sim_relay *relay, struct sim_link *link);
/* What the link says to a flight of TLS, NULL: nothing, or that the run stops; done_out: its handshake is finished. */
struct sim_message *sim_link_shake_hands(struct sim_relay *relay, struct sim_link *link,
                                         const struct sim_message *flight, bool *done_out);
/* Connect, or the end of the connection, for link's manager or its socket. */
void sim_link_post_connected(struct sim_relay *relay, nsec now, const struct sim_link *link);
void sim_link_post_closed(struct sim_relay *relay, nsec now, const struct sim_link *link);

/* sim_relay_writing.c; the same */
void sim_link_want_write(struct sim_station *station, link_id id);
/* After an input that may have brought many cells: links that have a good burst need not wait for the scheduling run. */
void sim_links_write_ripe(struct sim_station *station, nsec now);
void sim_links_schedule(struct sim_station *station, nsec now);
/* Scheduling runs go on, at times at which they would have been without a pause. */
void sim_links_wake(struct sim_station *station, nsec now);
void sim_link_write(struct sim_station *station, nsec now, link_id id);
void sim_link_send(struct sim_station *station, nsec now, link_id id);
/* Put message (NULL: none) behind what link is to send at the end of the step. */
void sim_link_put(struct sim_station *station, struct sim_link *link, struct sim_message *message);

/* sim_relay_sockets.c */
static inline bool sim_is_socket_thread(const struct sim_relay *relay, uint16_t thread) {
    return thread > 0 && thread <= relay->socket_thread_count;
}
/* A step of a connection thread that has sockets; returns its price. */
nsec sim_socket_step(struct sim_relay *relay, nsec now, uint16_t thread, const struct sim_input *input);
/* The end of a step that did something with link's socket. */
void sim_socket_done(struct sim_relay *relay, nsec now, link_id id);
/* For the link, to its connection thread. False without memory. */
MUST_USE bool sim_socket_attach(struct sim_relay *relay, struct sim_link *link);
void sim_socket_detach(struct sim_relay *relay, struct sim_link *link);
void sim_socket_post(struct sim_relay *relay, nsec now, const struct sim_link *link,
                     enum sim_input_kind kind);
void sim_socket_post_read(struct sim_relay *relay, nsec now, struct sim_link *link);
/* At the end of a step of the main thread: what it has for the socket crosses; the socket is closed; it may read again. */
void sim_socket_send(struct sim_relay *relay, nsec now, struct sim_link *link);
void sim_socket_leave(struct sim_relay *relay, nsec now, struct sim_link *link);
void sim_socket_go_on(struct sim_relay *relay, nsec now, link_id id);
/* Bytes on their way to TCP. */
uint32_t sim_socket_backlog(const struct sim_socket *socket);
/* What connection threads counted that no manager has. */
void sim_sockets_add_work(const struct sim_relay *relay, struct work *sum);

/* sim_relay_edges.c; the same */
void sim_edge_connected(struct sim_station *station, nsec now, edge_id id);
void sim_edge_read(struct sim_station *station, nsec now, edge_id id);
void sim_edge_write(struct sim_station *station, nsec now, edge_id id);
void sim_edge_want_read(struct sim_station *station, nsec now, edge_id id, bool on);
void sim_edge_resolve(struct sim_station *station, nsec now, edge_id id, const struct name_query *query);
void sim_edge_connect(struct sim_station *station, nsec now, edge_id id, const struct endpoint *to);
void sim_edge_close(struct sim_station *station, nsec now, edge_id id);
void sim_edge_send(struct sim_station *station, nsec now, edge_id id);
void sim_edge_free(struct sim_relay *relay, struct sim_edge *edge);
struct sim_edge *sim_edge_find(struct sim_relay *relay, edge_id id);
void sim_edge_post_read(struct sim_relay *relay, nsec now, struct sim_edge *edge);

/* sim_relay_host.c */
static inline struct sim_station *sim_controller(struct sim_relay *relay) {
    return &relay->stations[relay->station_count - 1];
}
/* Post what is due at the station, and plan an event for what will be. */
void sim_station_plan(struct sim_station *station, nsec now);

#endif
