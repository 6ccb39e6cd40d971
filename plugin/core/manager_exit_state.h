/* manager_exit_state - exits in a connection manager (manager_state.h): streams at their half and at their edge, and conflux
 * sets, whose streams are on several circuits.
 *
 * manager_conflux.c     circuits that are legs of a conflux set
 * manager_conflux_set.c conflux sets
 * manager_streams.c     exit streams at their half: BEGIN to END
 * manager_packaging.c   their data towards the origin
 * manager_pace.c        no faster than the origin advises
 * manager_delivery.c    their data from the origin
 * manager_resolve.c     names: RESOLVE, and what edges ask before they connect
 * manager_edges.c       exit streams at their edge */
#ifndef LOOM_CORE_MANAGER_EXIT_STATE_H
#define LOOM_CORE_MANAGER_EXIT_STATE_H

#include "core/circuit_edge.h"
#include "core/circuit_flow.h"
#include "core/conflux_legs.h"
#include "core/exit_choice.h"
#include "core/flow_window.h"
#include "core/manager_state.h"

#define STREAMS_MAX       1024u             /* per circuit */
#define LEG_LAST_WORDS    1u                /* LEG_CLOSED */
#define STREAM_LAST_WORDS 1u                /* EDGE_CLOSE */
#define EDGE_LAST_WORDS   1u                /* EDGE_FAILED */
#define EDGE_LINGER       (60 * NSEC_PER_S) /* of an edge whose stream has ended, without a byte written */
/* Chunks that wait for slow destinations: of a circuit (8 MB: more than the windows of a fast upload), and of a manager,
 * as a part of its cells. Then the stream that has most of them ends. */
#define CIRCUIT_UNDELIVERED_MAX        16384u
#define MANAGER_UNDELIVERED_MAX(cells) ((cells) / 2)
/* Cells that wait for others of their conflux set, as a part of the manager's: then the set that has most of them ends. */
#define MANAGER_OUT_OF_ORDER_MAX(cells) ((cells) / 8)
/* The same of edges whose stream has ended: then the one that has waited longest is closed. */
#define MANAGER_LINGERING_MAX(cells) ((cells) / 16)
#define CIRCUIT_CREDIT_MAX \
    1024u /* chunks from all edges of a circuit, as long as each has EDGE_CREDIT_LEAST */
#define STREAM_TURN_CELLS \
    2u /* of a stream that waited for the circuit's window, before the next has its turn */

struct exit_streams {
    struct circuit_flow flow;
    struct token_bucket begins; /* streams that it may open */
    struct table streams;       /* stream id -> struct stream */
    struct list blocked;        /* streams with chunks that wait for the circuit, in turn */
    struct list resuming;       /* in manager.resuming */
    half_id resumes;            /* whose streams these are, while it is there */
    bool is_queue_full;         /* streams wait until the link has taken cells of the circuit */
    uint32_t undelivered;       /* of all streams */
};

struct stream {
    struct flow_window window; /* without congestion control */
    struct list blocked;       /* in exit_streams.blocked */
    struct cell_run to_origin; /* chunks that wait for a window */
    struct cell_run to_edge;   /* optimistic data, before the edge has a name */
    edge_id edge;              /* 0: not opened yet */
    station_id edge_station;
    uint32_t serial;
    uint32_t undelivered; /* chunks for the edge that it has not reported as written */
    uint16_t id;
    uint16_t credit;          /* that the edge has been given, and not yet used up for good */
    uint16_t credit_owed;     /* chunks packaged since the edge was last told */
    bool is_resolve;          /* a RESOLVE: ends with its answer */
    struct stream_pace *pace; /* NULL: the origin has advised no rate */
    nsec crowded_since;       /* more than the XOFF limit have been undelivered; 0: not so */
    bool is_stopped;          /* the origin said XOFF */
    bool has_stopped;         /* and so did we */
};

/* Of a stream whose origin has advised a rate. */
struct stream_pace {
    struct token_bucket bucket;
    struct timer timer; /* while the rate is used up and chunks wait */
    half_id half;
    struct stream *stream;
};

struct edge {
    struct circuit_edge circuit;
    edge_id id;
    uint32_t flushed_unreported; /* chunks written since the half was last told */
    struct timer linger;         /* while it is closing and has bytes left */
    struct exit_wish wish;
    bool is_resolving; /* the runtime looks up a name for it */
    bool is_resolve;   /* for a RESOLVE: nothing is connected */
};

/* What a leg counts on its own thread. */
struct leg {
    half_id set;         /* 0: it has not been taken in yet */
    uint64_t received;   /* sequence number of the last message */
    nsec linked_at;      /* when LINKED went */
    nsec rtt;            /* until LINKED_ACK came; 0: it has not */
    uint32_t number;     /* in the set */
    uint32_t data_taken; /* DATA messages that the set has given us */
    bool is_used;        /* a message with a number has passed */
};

struct conflux_set {
    uint8_t nonce[CONFLUX_NONCE_LEN];
    struct conflux_legs legs;
    struct circuit_flow positions[CONFLUX_LEGS_MAX]; /* where in its increments each leg is */
    bool may_begin;
};

/* manager_streams.c: every function may close the circuit; check with manager_half afterwards. message takes cell over. */
void manager_stream_message(struct manager *m, nsec now, struct half *half,
                            const struct relay_message *message, struct cell *cell);
void manager_stream_control(struct manager *m, nsec now, struct half *half, struct control *message);
void manager_streams_close(struct manager *m, struct half *half);
/* NULL at a limit or without memory. */
MUST_USE struct stream *manager_stream_new(struct manager *m, struct half *half, uint16_t id);
void manager_stream_free(struct manager *m, struct half *half, struct stream *stream);
/* Edges go round the threads that have links. */
station_id manager_next_edge_station(struct manager *m);
/* NULL when there is none; of an edge: none any more. */
struct stream *manager_stream_of(const struct half *half, uint16_t id);
struct stream *manager_stream_of_edge(const struct half *half, uint16_t id, uint32_t serial);
/* False when the circuit had to be closed. */
MUST_USE bool manager_stream_send_end(struct manager *m, nsec now, struct half *half, uint16_t stream,
                                      uint8_t reason);
void manager_stream_close_edge(struct manager *m, const struct stream *stream);
void manager_count_undelivered(struct manager *m, struct half *half, struct stream *stream, int64_t change);
/* Room for what streams and flow control of half need. False without memory. */
MUST_USE bool manager_become_exit(struct manager *m, struct half *half);
/* tor-spec 6.2: who is before us may use us as an exit. */
bool manager_previous_hop_may_begin(const struct manager *m, const struct half *half);

/* manager_packaging.c: may close the circuit. */
void manager_stream_chunks(struct manager *m, nsec now, struct half *half, struct cell_run *run);
void manager_stream_sendme(struct manager *m, nsec now, struct half *half,
                           const struct relay_message *message);
void manager_stream_xoff_or_xon(struct manager *m, nsec now, struct half *half,
                                const struct relay_message *message);
/* An edge's share of what may be on its way to the circuit. */
uint16_t manager_credit_share(const struct half *half);
/* Streams of half that wait go on, if it has room for them. */
void manager_streams_unblock(struct manager *m, nsec now, struct half *half);
/* The link has taken cells of half. */
void manager_streams_taken(struct manager *m, struct half *half);
/* Go on with the circuits of which it has taken enough. */
void manager_streams_resume(struct manager *m, nsec now);

/* The streams that had used up the rate that their origins have advised. */
void manager_paces_tick(struct manager *m, nsec now);

/* manager_pace.c */
/* XON: from now on at this rate; 0: as fast as we like. */
void manager_stream_advised(struct manager *m, nsec now, struct half *half, struct stream *stream,
                            uint32_t kb_per_s);
void manager_stream_unpace(struct manager *m, struct stream *stream);
/* False: its chunks wait for manager_paces_tick. */
MUST_USE bool manager_stream_keeps_pace(struct manager *m, nsec now, struct stream *stream);
/* So many bytes of it went. */
void manager_stream_paced(struct stream *stream, nsec now, uint32_t bytes);

/* manager_delivery.c: may close the circuit. message takes cell over. */
void manager_stream_data(struct manager *m, nsec now, struct half *half, const struct relay_message *message,
                         struct cell *cell);
void manager_stream_end(struct manager *m, struct half *half, const struct relay_message *message,
                        struct cell *cell);
/* The edge is done with count chunks. */
void manager_stream_flushed(struct manager *m, nsec now, struct half *half, struct stream *stream,
                            uint32_t count);
/* A DATA cell came on a circuit. False when the circuit had to be closed. */
MUST_USE bool manager_count_circuit_data(struct manager *m, nsec now, struct half *half);

/* manager_resolve.c: false when the circuit had to be closed. */
MUST_USE bool manager_resolve(struct manager *m, nsec now, struct half *half,
                              const struct relay_message *message);
/* The client asks for too many. */
MUST_USE bool manager_resolve_refuse(struct manager *m, nsec now, struct half *half, uint16_t stream);
/* answer NULL: there is none. */
MUST_USE bool manager_resolve_answered(struct manager *m, nsec now, struct half *half, struct stream *stream,
                                       const struct name_answer *answer);
/* Connect a new edge: at once, or when its name is known. May close it. */
void manager_edge_find(struct manager *m, struct edge *edge, const struct begin_message *to);
/* Ask for a name on behalf of a RESOLVE. */
void manager_edge_ask(struct manager *m, struct edge *edge, const struct name_query *query);

/* manager_edges.c */
void manager_edge_open_control(struct manager *m, nsec now, struct control *message);
void manager_edge_control(struct manager *m, nsec now, struct control *message);
void manager_edge_chunks(struct manager *m, nsec now, edge_id id, struct cell_run *run);
/* A message from edge to its half; NULL without memory. */
struct control *manager_edge_tell(struct manager *m, const struct edge *edge, enum control_kind kind);
/* Last words of an edge: the stream is over, whatever is still on its way. */
void manager_edge_tell_failed(struct manager *m, const struct edge *edge, uint8_t reason);
/* Close the connection to the destination too. */
void manager_edge_close(struct manager *m, struct edge *edge, uint8_t reason);
/* Close the edges whose destination has not read for too long. */
void manager_edges_tick(struct manager *m, nsec now);
/* Forget all edges without telling anybody. */
void manager_edges_stop(struct manager *m);
/* Of all edges that have credit. */
void manager_edges_want_read(struct manager *m, bool on);

/* manager_conflux.c: may close the circuit. */
void manager_conflux_message(struct manager *m, nsec now, struct half *half,
                             const struct relay_message *message);
/* A message on a leg. True when that was all that had to be done; then cell is taken over. */
MUST_USE bool manager_leg_message(struct manager *m, nsec now, struct half *half,
                                  const struct relay_message *message, struct cell *cell);
/* Tell the set how many messages half takes. */
void manager_leg_report(struct manager *m, nsec now, struct half *half);
/* Messages from the set. */
void manager_leg_cells(struct manager *m, nsec now, struct half *half, struct cell_run *run);
void manager_leg_control(struct manager *m, nsec now, struct control *message);
/* half is closed. */
void manager_leg_close(struct manager *m, struct half *half);

/* manager_conflux_set.c: half is a set. */
void manager_set_control(struct manager *m, nsec now, struct control *message);
void manager_set_cells(struct manager *m, nsec now, struct half *half, struct cell_run *run);
bool manager_set_has_room(struct half *half);
/* Where the leg is that has room. */
struct circuit_flow *manager_set_position(struct half *half);
/* Give a message that is encoded to a leg; for DATA one has room. False when the set had to be closed. Hands over cell. */
MUST_USE bool manager_set_originate(struct manager *m, struct half *half, struct cell *cell,
                                    const struct relay_message *message);
void manager_set_close(struct manager *m, struct half *half, uint8_t reason);
/* Forget all sets without telling anybody. */
void manager_sets_stop(struct manager *m);

#endif
