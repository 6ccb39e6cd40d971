/* memnet_state - what the files of the in-memory network share: events, connections and the trace.
 *
 * memnet_world.c   time, and the network as a whole
 * memnet_pipe.c    connections between two ends
 * memnet_station.c stations of relays: ports, turns, links
 * memnet_relay.c   relays: dialling, accepting, mischief
 * memnet_edge.c    servers behind exits
 * memnet_client.c  origins, and connections without a protocol
 * memnet_trace.c   lines */
#ifndef LOOM_MEMNET_MEMNET_STATE_H
#define LOOM_MEMNET_MEMNET_STATE_H

#include "base/list.h"
#include "crypt/symbolic.h"
#include "memnet/event_queue.h"
#include "memnet/memnet.h"
#include "memnet/relay_identity.h"

#define MEMNET_RELAYS_MAX 16u
#define TCP_MSS           1460u

/* One end of a connection; its owner is a station's link, a client or a raw connection. */
struct pipe_end {
    struct pipe *pipe;
    const struct pipe_ops *ops;
    void *owner;
    struct memnet_relay *relay; /* NULL: not a relay's */
    link_id link;
    uint8_t *inbox;
    size_t inbox_length, inbox_room;
    uint32_t circuit_last; /* of the cell written last */
    size_t outstanding;    /* sent by this end, not yet used by the other */
    bool is_open;          /* for its owner */
    bool is_paused;        /* the owner does not read */
    bool is_stalled;       /* TCP takes nothing from this end */
    bool is_eof;           /* the other end has closed, and all of its bytes are in the inbox */
};

struct pipe_ops {
    /* Bytes are in the inbox: returns how many were used. */
    size_t (*receive)(struct pipe_end *end, const uint8_t *bytes, size_t length);
    /* The other end is gone; the owner has to forget this one. */
    void (*closed)(struct pipe_end *end);
    /* The other end has used some of what was outstanding. */
    void (*writable)(struct pipe_end *end);
};

struct pipe {
    struct list entry;
    struct memnet *net;
    uint64_t number;
    struct pipe_end ends[2]; /* the dialler's is the first */
};

struct trace_sink {
    bool is_on, keeps_text;
    char *text;
    size_t length, room;
    uint64_t fnv, lines;
};

struct memnet {
    struct memnet_options options;
    struct heap heap;
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct event_queue events;
    nsec now;
    struct list pipes, clients, raws, edges;
    uint64_t pipe_next;
    struct memnet_relay *relays[MEMNET_RELAYS_MAX];
    unsigned relay_count, client_count;
    struct memnet_server *servers[64];
    unsigned server_count;
    struct trace_sink trace;
};

/* Plan run(subject, argument, payload) after a delay. */
void memnet_plan(struct memnet *net, nsec at, void (*run)(void *, uint64_t, void *), void *subject,
                 uint64_t argument, void *payload);
/* malloc that cannot fail. */
void *memnet_take(size_t size);

/* memnet_pipe.c */
struct pipe *pipe_new(struct memnet *net);
struct pipe_end *pipe_other(const struct pipe_end *end);
void pipe_send(struct pipe_end *end, const uint8_t *bytes, size_t length);
/* The owner is done with its end. */
void pipe_close(struct pipe_end *end);
/* Both ends see it break now. */
void pipe_break(struct pipe *pipe);
void pipe_set_reading(struct pipe_end *end, bool on);
/* Bytes that the end's TCP and socket take now. */
size_t pipe_room(const struct pipe_end *end);
/* Facts that both ends know; the exporter gives both the same bytes. */
void pipe_facts(struct pipe_end *end, struct link_facts *facts_out);
void pipe_free(struct pipe *pipe);

/* memnet_relay.c */
struct memnet_relay *memnet_find_relay(struct memnet *net, const struct endpoint *to);
/* A connection from end's side reaches the relay. */
void memnet_relay_accept(struct memnet_relay *relay, struct pipe_end *end);
const uint8_t *memnet_relay_certificate(const struct memnet_relay *relay);
unsigned memnet_relay_index(const struct memnet_relay *relay);
void memnet_relay_free(struct memnet_relay *relay);

/* memnet_edge.c; the caller ends the turn of the manager's station, except where stated. */
struct station;
void edge_connection_resolve(struct station *station, edge_id id, const struct name_query *query);
void edge_connection_open(struct station *station, edge_id id, const struct endpoint *to);
/* Give the server what the edge has for it. */
void edge_connection_write(struct station *station, edge_id id);
void edge_connection_set_reading(struct station *station, edge_id id, bool on);
void edge_connection_close(struct station *station, edge_id id);
void edge_connections_free(struct memnet *net);

/* What memnet_edge.c needs of a station. */
struct manager *station_manager(struct station *station);
struct memnet *station_net(struct station *station);
/* Carry out what the station's port has recorded, and plan what it waits for. */
void station_end_turn(struct station *station);

/* memnet_client.c */
void memnet_clients_free(struct memnet *net);

/* memnet_trace.c */
void memnet_trace_line(struct memnet *net, const char *node, const char *station, const char *format, ...)
    PRINTF_LIKE(4, 5);
void memnet_trace_free(struct memnet *net);

#endif
