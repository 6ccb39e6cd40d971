/* tls_link - one connection to another relay or a client: socket, TLS, and the way of its bytes to the manager.
 *
 * connecting -> securing -> open -> closing. Functions that may end the link say so; an ended link is freed, and who it
 * was told to has been told: the manager (closed or failed) or the controller (accept failed).
 * Owner and thread: one event thread, through link_shared; an open link may leave it for another.
 * Memory: about 1 kB and OpenSSL's session; buffers while it is warm. Bound: LINK_UNSENT_MAX bytes left over after a
 * short send, LINK_REST_MAX bytes of an unfinished cell. */
#ifndef LOOM_NATIVE_TLS_LINK_H
#define LOOM_NATIVE_TLS_LINK_H

#include <stdbool.h>

#include "base/ids.h"

struct endpoint;
struct link_shared;
struct tls_link;

/* A connection that was accepted: begin TLS. Hands over fd. NULL: it ended at once. */
struct tls_link *tls_link_accept(struct link_shared *shared, link_id id, int fd, const struct endpoint *peer);
/* A connection that the manager asked for; nothing is done before tls_link_dial. */
struct tls_link *tls_link_new_dial(struct link_shared *shared, link_id id, const struct endpoint *to);
/* May end the link. */
void tls_link_dial(struct tls_link *link);
/* End the link because of its peer or the network, and tell. */
void tls_link_lost(struct tls_link *link);
/* The manager has hung up: flush what was taken, then close. Ends the link, if nothing is left over at once. */
void tls_link_hang_up(struct tls_link *link);
/* End the link and tell nobody. */
void tls_link_free(struct tls_link *link);

/* Switch reading as is_reading says. */
void tls_link_apply_reading(struct tls_link *link);
/* Idle: give buffers back. */
void tls_link_cool(struct tls_link *link);

/* An open link goes to another thread, between turns: then nothing of it is in use. Off its thread's loop, lists, table and
 * counts; until it joins it points to nothing of a thread, and nobody looks at its socket. Whoever takes it from the one thread to
 * the other sees to it that the writes of the first are seen (the mailroom does). What comes along: the TLS session, a record and a
 * cell that are not whole yet, what a short send left over, and what the manager last asked for. */
void tls_link_leave(struct tls_link *link);
void tls_link_join(struct tls_link *link, struct link_shared *shared);

#endif
