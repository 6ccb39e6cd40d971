/* tcp - one side of a connection: Reno, selective acknowledgments, delayed acks, and buffers that tune themselves.
 *
 * A stream of bytes without the bytes: the user writes messages of some length and gets the same objects at the other
 * end, in order, when their last byte has come in order. A message belongs to the connection from tcp_write until
 * tcp_read or discard; it crosses hosts, so it must not point to what belongs to a host.
 * The laws: RFC 5681 (reno.h), 6298 (round_trip.h), 2018, 7323; segments are counted, not bytes, as in Shadow; acks wait
 * 1 ms, after the first 1000 of a connection 5 ms; no Nagle. Buffers begin with 131072 bytes to send and 174760 to receive,
 * and grow: sending to 2 * 2404 * cwnd, at most 4 MiB, receiving to twice all that was read, at most 6 MiB. More room than
 * the peer knows of is told at the end of the instant in which the user has read. Between interfaces without any rate, which
 * stand for a loopback, buffers begin with the most, and room is told when it has doubled. Different from Shadow: bytes not yet
 * sent are cut anew into full segments; data that came before is acked at once; round trips are measured on every ack of new data.
 *
 * Owner and thread: its host. Memory: about 380 bytes, and nothing else while idle. */
#ifndef LOOM_DES_TCP_H
#define LOOM_DES_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "des/engine.h"

struct tcp;

/* First member, or any other, of what the user sends. */
struct tcp_message {
    struct tcp_message *next; /* the connection's */
    uint64_t end;             /* the connection's: offset of the byte after it */
    uint32_t length;          /* set by the user, > 0 */
};

/* What KIST asks (core/scheduler.h). */
struct tcp_state {
    uint32_t cwnd;    /* segments */
    uint32_t unacked; /* segments */
    uint32_t mss;     /* bytes */
    uint32_t notsent; /* bytes written that TCP may not send yet */
};

/* Connect to port of another host: connected or closed follows. NULL without memory, and then the run stops. */
MUST_USE struct tcp *tcp_open(struct host *host, nsec now, host_id to, uint16_t port, void *user);
void tcp_set_user(struct tcp *tcp, void *user);
void *tcp_user(const struct tcp *tcp);
host_id tcp_peer(const struct tcp *tcp);

/* Bytes that may be written now; the last message may exceed it. 0 until connected. */
uint64_t tcp_room(const struct tcp *tcp);
/* Call writable once there is room. */
void tcp_want_write(struct tcp *tcp);
/* Call writable once the congestion window has room for so many bytes: in segments that may be sent now, or beside what
 * is not yet sent; what KIST looks at. Not when it has room already. */
void tcp_want_window(struct tcp *tcp, uint32_t bytes);
/* Hands message over. Nothing leaves before tcp_flush, so that several messages can share segments. */
void tcp_write(struct tcp *tcp, struct tcp_message *message);
/* Send what the windows allow. */
void tcp_flush(struct tcp *tcp, nsec now);
/* The next whole message, or NULL. Hands it over, and makes room for the other side. */
struct tcp_message *tcp_read(struct tcp *tcp, nsec now);
/* Close after what was written has come over; the user may not use tcp any more. What comes is discarded. */
void tcp_close(struct tcp *tcp, nsec now);
/* Break it off: the other side gets TCP_END_RESET. */
void tcp_abort(struct tcp *tcp, nsec now);

struct tcp_state tcp_state(const struct tcp *tcp);
/* 0: not yet measured. */
nsec tcp_round_trip(const struct tcp *tcp);
/* Bytes written and not acked; bytes that came and were not read. */
uint64_t tcp_outstanding(const struct tcp *tcp);
uint64_t tcp_unread(const struct tcp *tcp);
/* Its size, without what it has while data is on its way. */
size_t tcp_size(void);

#endif
