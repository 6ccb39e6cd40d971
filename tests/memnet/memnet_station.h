/* memnet_station - a station of a relay in the in-memory network: its port, which records; its turns, which carry out; its
 * links and what they write. For memnet_station.c and memnet_relay.c only. */
#ifndef LOOM_MEMNET_MEMNET_STATION_H
#define LOOM_MEMNET_MEMNET_STATION_H

#include "memnet/memnet_state.h"

enum request_kind {
    DIAL,
    HANGUP,
    WANT_WRITE,
    WANT_READ,
    EDGE_RESOLVE,
    EDGE_CONNECT,
    EDGE_WANT_WRITE,
    EDGE_WANT_READ,
    EDGE_CLOSE,
    OFFLOAD,
    RELEASE,
    ADOPT,
    WAKE
};

struct request {
    enum request_kind kind;
    uint64_t object; /* link or edge */
    bool on;
    station_id station;
    struct endpoint to;
    struct name_query query;
    struct job job;
    void *luggage;
};

/* A link id and its end of a connection; NULL while it is dialled. */
struct link_end {
    link_id link;
    struct pipe_end *end;
};

struct station {
    struct port port; /* first: the core hands it back */
    struct memnet_relay *relay;
    struct manager *manager; /* NULL: the controller */
    station_id id;
    char name[8];
    struct request *requests;
    size_t request_count, request_room;
    struct link_end *links;
    size_t link_count, link_room;
    link_id *wanting; /* links that want to write, first come first served */
    size_t wanting_count, wanting_room;
    nsec schedule_planned, tick_planned;
};

struct memnet_relay {
    struct memnet *net;
    struct relay *relay;
    struct relay_identity identity;
    struct endpoint address;
    unsigned index;
    char name[8];
    uint16_t station_count;
    bool is_deaf;
    struct station *stations;
};

/* In place: a station of relay, without links. */
void station_init(struct station *s, struct memnet_relay *relay, station_id id);
void station_fini(struct station *s);
/* The link has this end of a connection. */
void station_own(struct station *s, struct pipe_end *end, link_id link);
/* Close the link's connection, if there is one. */
void station_hang_up(struct station *s, link_id link);

/* What its port has asked for, in memnet_relay.c. */
void station_dial(struct station *s, const struct request *request);
void station_offload(struct station *s, const struct request *request);
void station_wake(struct station *s, station_id station);

#endif
