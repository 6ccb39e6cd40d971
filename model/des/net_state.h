/* net_state - what the files of the network share: net_*.c and tcp_*.c. Not for others. */
#ifndef LOOM_DES_NET_STATE_H
#define LOOM_DES_NET_STATE_H

#include "base/memory.h"
#include "des/codel.h"
#include "des/net.h"
#include "des/packet.h"
#include "des/rate_bucket.h"
#include "des/reno.h"
#include "des/round_trip.h"
#include "des/segment_ranges.h"
#include "des/sent_runs.h"
#include "des/tcp.h"

struct packet_queue {
    struct packet *first;
    struct packet *last;
};

struct tcp_slot {
    struct tcp *tcp;
    uint32_t generation;
    uint32_t next_free; /* slot + 1; 0: none */
};

/* The network side of a host. */
struct interface {
    struct net *net;
    struct host *host;
    struct rate_bucket up; /* of both directions, with is_shared */
    struct rate_bucket down;
    uint64_t up_rate; /* read by connections of other hosts; RATE_UNLIMITED: no limit */
    uint64_t down_rate;
    struct packet_queue control; /* acks, which overtake data */
    struct packet_queue data;
    struct packet_queue arrived;
    uint64_t arrived_bytes; /* of segments that CoDel has not judged */
    struct codel codel;
    bool up_waits;   /* an event will go on with sending */
    bool down_waits; /* an event will go on with receiving */
    bool down_held;  /* the first segment has passed CoDel and waits for tokens */
    bool is_shared;  /* one bucket for both directions; then only up_waits is used, for both */
    bool is_sharing; /* interface_share is at it */
    int32_t
        ahead; /* bytes that sending has had more of a shared bucket than receiving, while both had something */
    struct tcp_slot *slots;
    uint32_t slot_count;
    uint32_t slot_room;
    uint32_t slot_free; /* slot + 1; 0: none */
    uint32_t connections;
    struct net_counters counters;
};

struct net {
    struct net_config config;
    struct interface *interfaces;
    event_kind arrive, up, down, timer, ack;
};

enum interface_step {
    INTERFACE_NOTHING, /* there is nothing */
    INTERFACE_PASSED,
    INTERFACE_WAITS /* for tokens */
};

enum tcp_phase { TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_DEAD };

struct message_queue {
    struct tcp_message *first;
    struct tcp_message *last;
};

struct tcp {
    struct interface *interface;
    void *user;
    struct tcp_name own;
    struct tcp_name peer;
    uint32_t latency_ns; /* to the peer */
    uint32_t loss;

    /* Sending. Segment 0 is the SYN. */
    uint64_t written;     /* bytes given by the user */
    uint64_t sent;        /* bytes sent at least once */
    uint64_t acked;       /* bytes */
    uint32_t una;         /* first segment not acked */
    uint32_t next;        /* next new segment */
    uint32_t departed;    /* segments before it have left the interface */
    uint32_t resend_next; /* after a timeout: what is sent again is [resend_next, resend_end) */
    uint32_t resend_end;
    uint32_t fast_resent; /* the segment last sent again for duplicate acks */
    uint32_t peer_window;
    uint32_t send_buffer;
    uint32_t wants_window; /* bytes; 0: the user does not wait for it */
    struct message_queue unsent;
    struct message_queue astray; /* whose segments were lost on the path: they travel with the next packet */
    struct sent_runs runs;
    struct segment_ranges sacked;
    struct reno reno;
    struct round_trip round_trip;
    nsec timer_wanted; /* 0: off */
    nsec timer_set;    /* when its event comes; 0: there is none */

    /* Receiving. */
    uint64_t received;    /* bytes in order */
    uint64_t read;        /* bytes that no longer take room */
    uint32_t expected;    /* next segment */
    uint32_t window_sent; /* last advertised */
    struct message_queue arrived;
    struct segment_ranges early; /* out of order */
    nsec echo;                   /* timestamp to send back */

    uint32_t pending; /* events and queued packets that point here */
    uint16_t acks_sent;
    uint16_t duplicates; /* for una */
    uint8_t phase;       /* enum tcp_phase */
    uint8_t timeouts;    /* in a row */
    uint16_t port;
    bool user_gone : 1;
    bool wants_write : 1;
    bool closing : 1; /* FIN follows what was written */
    bool fin_sent : 1;
    bool fin_came : 1; /* in order */
    bool echo_kept : 1;
    bool ack_owed : 1;
    bool ack_set : 1;      /* its event is on the way */
    bool update_set : 1;   /* of the window: its event, too */
    bool is_unlimited : 1; /* no interface has a rate: like a loopback */
    bool fast_resend : 1;
    bool told : 1; /* the user knows it */
};

static inline struct interface *interface_of(const struct host *host) {
    return host_network(host);
}
static inline nsec path_latency(const struct tcp *tcp) {
    return tcp->latency_ns;
}

static inline void message_append(struct message_queue *queue, struct tcp_message *first,
                                  struct tcp_message *last) {
    if (!first)
        return;
    if (queue->last)
        queue->last->next = first;
    else
        queue->first = first;
    queue->last = last;
}

/* net_up.c */
/* Queue a packet of tcp (NULL: of nobody) and send what the bucket allows. */
void interface_send(struct interface *interface, nsec now, struct packet *packet);
event_handler interface_go_on_sending;

/* Of an interface with one bucket: send and receive in turn what it allows. */
void interface_share(struct interface *interface, nsec now);

/* net_down.c */
/* Receive a segment of what waits. */
enum interface_step interface_receive_one(struct interface *interface, nsec now);
event_handler interface_arrive;
event_handler interface_go_on_receiving;

/* net_interfaces.c */
struct packet *packet_new(struct interface *interface, struct tcp_name from, struct tcp_name to,
                          uint8_t flags);
void packet_discard(struct interface *interface, struct packet *packet);
void messages_discard(struct interface *interface, struct message_queue *queue);
struct tcp *interface_find(const struct interface *interface, struct tcp_name name);

/* tcp_connection.c */
MUST_USE struct tcp *tcp_new(struct interface *interface, struct tcp_name peer, enum tcp_phase phase);
/* One of pending is gone; frees a dead connection with the last. */
void tcp_unpin(struct tcp *tcp);
/* It is over: leave the table, give up messages and buffers. */
void tcp_die(struct tcp *tcp);
/* It is over, and the user hears why. */
void tcp_finish(struct tcp *tcp, nsec now, enum tcp_end end);
/* End it when both sides have said FIN and heard it of each other. */
void tcp_bury(struct tcp *tcp);
/* Tell the user of the end of the stream when all was read; and tcp_bury. */
void tcp_settle(struct tcp *tcp, nsec now);
/* Tell the user of room in the congestion window, when he waits for it. */
void tcp_tell_window(struct tcp *tcp, nsec now);

/* tcp_output.c */
/* Send what is due: segments again, new ones, FIN. */
void tcp_output(struct tcp *tcp, nsec now);
/* Put what is known now into a packet that leaves. */
void tcp_stamp(struct tcp *tcp, nsec now, struct packet *packet);
void tcp_send_ack(struct tcp *tcp, nsec now, uint32_t duplicates);
void tcp_send_syn(struct tcp *tcp, nsec now);
/* An ack within the delay, unless data takes it along. */
void tcp_owe_ack(struct tcp *tcp, nsec now);
/* Look at what is owed at that time, unless that is planned already. */
void tcp_schedule_ack(struct tcp *tcp, nsec at);
/* The user has read: if there is more room than the other side knows, tell it once all is read that can be now. */
void tcp_consider_update(struct tcp *tcp, nsec now);
void tcp_set_timer(struct tcp *tcp, nsec now);
event_handler tcp_timer_event;
event_handler tcp_ack_event;

/* tcp_input.c */
/* A packet has come through the interface. Its messages have been taken off already. */
void tcp_receive(struct interface *interface, nsec now, const struct packet *packet);
uint32_t tcp_window(const struct tcp *tcp);

/* tcp_buffers.c */
void tcp_tune_first(struct tcp *tcp);
void tcp_tune_sending(struct tcp *tcp);
/* Twice what has been read so far. */
uint32_t tcp_receive_buffer(const struct tcp *tcp);

#endif
