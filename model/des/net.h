/* net - hosts with interfaces, paths between them, and TCP connections, as Shadow models them.
 *
 * A segment waits at its sender's interface for tokens of the upstream bucket (acks first, then data in the order of
 * sending; no drop), crosses the path with a constant latency and a chance of loss (drawn at the sender; segments without
 * payload are never lost), and waits at the receiver's interface in a CoDel queue for tokens of the downstream bucket. There is
 * no other queue: paths have no bandwidth. Until bootstrap_end neither buckets nor loss apply. An interface may have one
 * bucket for both directions: while both have something, each gets half of the bytes.
 * Two hosts only: a connection of a host with itself is the user's own affair.
 *
 * Thread: an interface belongs to its host. Rates and paths do not change while the engine runs.
 * Memory: 300 bytes a host, 24 a connection in the table, the connection itself (tcp.h), 144 bytes for each train on
 * its way. */
#ifndef LOOM_DES_NET_H
#define LOOM_DES_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/nsec.h"
#include "des/engine.h"

struct net;
struct tcp;
struct tcp_message;

#define NET_LOSS_ALWAYS     UINT32_MAX
#define NET_CWND_SHADOW     2u  /* segments: in Shadow 3.3 it is one, and the ack of the SYN counts */
#define NET_CWND_LINUX      10u /* RFC 6928 */
#define NET_CONNECTIONS_MAX (UINT32_C(1) << 24) /* of a host */

struct net_path {
    nsec latency;  /* at least the engine's lookahead */
    uint32_t loss; /* of 2^32 segments; NET_LOSS_ALWAYS: all */
};

enum tcp_end {
    TCP_END_OF_STREAM, /* the other side closed, and all that it sent has been read */
    TCP_END_RESET,     /* or the other side is not there any more */
    TCP_END_REFUSED,
    TCP_END_TIMEOUT
};

/* What a connection tells its user, in the handler of an event of its host. The user may call any function of tcp.h,
 * and finds itself by tcp_user or host_user. */
struct net_calls {
    /* Somebody connects to port; false: refuse. Then data may be sent. */
    bool (*accept)(struct host *host, nsec now, struct tcp *tcp, uint16_t port);
    void (*connected)(struct host *host, nsec now, struct tcp *tcp);
    /* At least one whole message came that was not there before: tcp_read. */
    void (*readable)(struct host *host, nsec now, struct tcp *tcp);
    /* There is room again after tcp_want_write. */
    void (*writable)(struct host *host, nsec now, struct tcp *tcp);
    /* The user may not use tcp any more. What it has written still goes out after TCP_END_OF_STREAM. */
    void (*closed)(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end);
    /* A message that nobody will read: hands it over. May be called on either side of the connection. */
    void (*discard)(struct host *host, struct tcp_message *message);
};

struct net_config {
    const struct memory *memory;
    struct engine *engine; /* made with net_object_size; its lookaheads are at most the latencies */
    const struct net_calls *calls;
    struct net_path (*path)(const void *context, host_id from, host_id to); /* pure */
    const void *context;
    nsec bootstrap_end;
    uint32_t hosts;
    uint32_t cwnd_first; /* NET_CWND_SHADOW or NET_CWND_LINUX */
    uint32_t train_max;  /* segments in one object; 0: as many as there may be. No result depends on it */
};

/* What passed an interface. */
struct net_counters {
    uint64_t segments_sent; /* with those that were lost on the path */
    uint64_t bytes_sent;    /* on the wire */
    uint64_t segments_received;
    uint64_t bytes_received;
    uint64_t segments_lost;
    uint64_t segments_dropped; /* by CoDel */
    uint64_t segments_resent;
    uint64_t timeouts;
    nsec waited_down; /* of all received segments, in the CoDel queue */
};

/* object_size for the engine's config. */
size_t net_object_size(void);
/* Copies config, borrows what it points to. All interfaces are without limit at first. NULL without memory. */
MUST_USE struct net *net_new(const struct net_config *config);
/* After the last run, before engine_free. Connections end without a word, their messages are discarded. */
void net_free(struct net *net);
/* Bytes per second, or RATE_UNLIMITED; not while the engine runs. */
void net_set_rates(struct net *net, host_id host, uint64_t up, uint64_t down);
/* The same for both directions together. */
void net_set_rate_both_ways(struct net *net, host_id host, uint64_t rate);
const struct net_counters *net_counters(const struct net *net, host_id host);
/* Connections of a host, those included that are still closing. */
uint32_t net_connections(const struct net *net, host_id host);

#endif
