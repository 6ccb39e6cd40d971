/* load_connection - a TLS connection between the generator and the relay: its plaintext both ways, or, once discarding, only
 * how much of it comes.
 *
 * Owner: a source or a sink. Thread: the generator has one. Events are told through load_connection_events.
 * Memory: from the heap; freed with load_connection_free. Bound: what a short send leaves over is one send buffer of who asks
 * load_connection_can_write before writing; who does not (for a word that must be said) has it kept behind that. */
#ifndef LOOM_LOAD_LOAD_CONNECTION_H
#define LOOM_LOAD_LOAD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/work.h"
#include "load/load_records.h"
#include "native/tls_session.h"
#include "wire/address.h"

struct event;
struct event_base;
struct tls_identity;

#define LOAD_RECORDS_A_SEND 4u
#define LOAD_SEND_ROOM      (LOAD_RECORDS_A_SEND * TLS_RECORD_ROOM)
#define LOAD_READ_ROOM      (256u * 1024u)

/* What all connections share. */
struct load_net {
    struct event_base *base;
    struct tls_identity *identity;
    struct tls_pipe pipe;
    struct work work; /* records written, calls and bytes, as a relay counts them */
    uint8_t in[LOAD_READ_ROOM];
    uint8_t out[LOAD_SEND_ROOM];
    uint8_t plain[LOAD_READ_ROOM + 2 * TLS_RECORD_ROOM];
};

struct load_connection_events {
    /* TLS is there. */
    void (*secured)(void *owner);
    /* Plaintext has come: rest of the last time first. Returns how much was used. */
    size_t (*bytes)(void *owner, const uint8_t *bytes, size_t length);
    /* So much plaintext was discarded. */
    void (*discarded)(void *owner, uint64_t length);
    /* The peer or the network has ended it. The connection is the owner's to free. */
    void (*closed)(void *owner);
};

struct load_connection;

/* cipher: the one TLS 1.3 suite that is offered and accepted; empty: as tor. NULL: there is no such suite. */
MUST_USE struct load_net *load_net_new(const char *cipher);
/* NULL is fine. */
void load_net_free(struct load_net *net);

/* Borrows net, events and owner. NULL when the socket cannot even begin. */
MUST_USE struct load_connection *load_connection_dial(struct load_net *net, const struct endpoint *to,
                                                      const struct load_connection_events *events,
                                                      void *owner);
/* The same over fd, which is on its way already. Hands over fd. */
MUST_USE struct load_connection *load_connection_dial_over(struct load_net *net, int fd,
                                                           const struct load_connection_events *events,
                                                           void *owner);
/* Hands over fd. */
MUST_USE struct load_connection *load_connection_accept(struct load_net *net, int fd,
                                                        const struct load_connection_events *events,
                                                        void *owner);
/* NULL is fine. */
void load_connection_free(struct load_connection *connection);

const struct tls_session *load_connection_tls(const struct load_connection *connection);
struct tls_session *load_connection_tls_change(struct load_connection *connection);

/* Nothing is left over from the last send: records may be written. */
bool load_connection_can_write(const struct load_connection *connection);
/* Seal one record; up to LOAD_RECORDS_A_SEND before load_connection_send. False: the session is over. */
MUST_USE bool load_connection_seal(struct load_connection *connection, const uint8_t *bytes, size_t length);
/* Send what was sealed. False: the connection is over, which is told to nobody. */
MUST_USE bool load_connection_send(struct load_connection *connection);
/* Seal and send bytes of any length below LOAD_RECORDS_A_SEND records. */
MUST_USE bool load_connection_write(struct load_connection *connection, const uint8_t *bytes, size_t length);

/* Stop reading, or go on: what comes meanwhile waits in the kernel, and then with the peer. Nothing when it is over. */
void load_connection_listen(struct load_connection *connection, bool listens);
/* Of what came while nothing was read, throw so many bytes away: the session cannot be read afterwards. */
void load_connection_sip(struct load_connection *connection, size_t bytes_max);
/* From now on count what comes and discard it in the kernel. False unless the connection is idle and TLS 1.3. */
MUST_USE bool load_connection_discard(struct load_connection *connection);

#endif
