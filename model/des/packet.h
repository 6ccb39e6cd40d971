/* packet - a train: consecutive segments of one connection that leave and arrive at the same moment, as one object.
 *
 * The law: nothing can tell a train from its segments one by one. Buckets, CoDel and loss look at each segment and split
 * the train where they part it. All data segments but the last are full.
 * Owner: the host at which it waits; in between, the event that carries it. Memory: host_take, 144 bytes. */
#ifndef LOOM_DES_PACKET_H
#define LOOM_DES_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/nsec.h"
#include "des/engine.h"
#include "des/sent_runs.h"

#define PACKET_HEADERS      40u   /* IP and TCP without options, as Shadow counts */
#define PACKET_SEGMENTS_MAX 1024u /* of a train: 1.5 MB */
#define PACKET_SACKS        3u    /* RFC 2018: as many as fit beside a timestamp */

enum packet_flag {
    PACKET_SYN = 1,
    PACKET_ACK = 2,
    PACKET_FIN = 4,
    PACKET_RST = 8,
    PACKET_DUPLICATE = 16, /* an answer to data out of order, one for each segment of it */
    PACKET_AGAIN = 32,     /* not the first SYN */
};

struct tcp;
struct tcp_message;

/* One end of a connection: a host, and a slot of its table with the generation of its tenant. */
struct tcp_name {
    host_id host;
    uint32_t slot;
    uint32_t generation;
};

struct packet_sack {
    uint32_t first;
    uint32_t end;
};

struct packet {
    struct packet *next;
    struct tcp *tcp;           /* of the sender, while it waits to leave */
    struct tcp_message *first; /* messages that travel with it */
    struct tcp_message *last;
    uint64_t offset; /* of its first byte in the stream */
    nsec queued_at;  /* at the receiver's interface */
    nsec sent_at;    /* timestamp, and the one it echoes (RFC 7323); 0: none */
    nsec echo;
    struct tcp_name from;
    struct tcp_name to;
    uint32_t segment;   /* number of its first segment */
    uint32_t ack;       /* number of the next segment expected */
    uint32_t window;    /* segments beyond ack that may come */
    uint16_t count;     /* segments */
    uint16_t last_size; /* payload of the last one; 0: none of them has any */
    uint16_t port;      /* of a SYN */
    uint8_t flags;
    uint8_t sack_count;
    struct packet_sack sacks[PACKET_SACKS];
};

/* Payload of its first n segments. */
static inline uint32_t packet_payload(const struct packet *packet, uint32_t n) {
    if (packet->last_size == 0 || n == 0)
        return 0;
    return n < packet->count ? n * TCP_MSS : (n - 1) * TCP_MSS + packet->last_size;
}
/* Bytes of its first n segments on the wire. */
static inline uint64_t packet_bytes(const struct packet *packet, uint32_t n) {
    return (uint64_t)n * PACKET_HEADERS + packet_payload(packet, n);
}
/* Its first n segments are gone; n < count. */
static inline void packet_advance(struct packet *packet, uint32_t n) {
    packet->offset += packet_payload(packet, n);
    if (packet->last_size != 0)
        packet->segment += n;
    packet->count = (uint16_t)(packet->count - n);
}
/* Only the first n segments are left; n < count. */
static inline void packet_truncate(struct packet *packet, uint32_t n) {
    packet->count = (uint16_t)n;
    if (packet->last_size != 0)
        packet->last_size = TCP_MSS;
}

#endif
