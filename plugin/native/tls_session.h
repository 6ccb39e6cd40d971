/* tls_session - TLS over bytes in memory: one session, and the windows through which it reads and writes.
 *
 * OpenSSL reads what the socket has brought straight from the thread's receive buffer, and its records go to the thread's
 * send buffer, so a burst costs one system call each way and no allocation. Several sessions of a thread share a pipe,
 * one at a time.
 * Owner: one link; thread: that of its pipe. Never trusts the peer: any error ends this session only.
 * Memory: in place; OpenSSL's session object, and its buffers (33 kB) until tls_session_release_buffers. */
#ifndef LOOM_NATIVE_TLS_SESSION_H
#define LOOM_NATIVE_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

struct tls_identity;
typedef struct ssl_st SSL;

#define TLS_RECORD_MAX     16384u /* plaintext of one record */
#define TLS_RECORD_ROOM    16709u /* and what it becomes on the wire, at most */
#define TLS_HANDSHAKE_ROOM 32768u /* a flight of handshake messages is shorter */

/* The windows of a thread. in: ciphertext that has come and is still to be read. out: ciphertext to be sent. */
struct tls_pipe {
    const uint8_t *in;
    size_t in_length;
    uint8_t *out;
    size_t out_length;
    size_t out_room;
};

enum tls_result {
    TLS_DONE,   /* handshake: finished. read: the output is full, or nearly so; call again */
    TLS_AGAIN,  /* needs more input */
    TLS_CLOSED, /* the peer said goodbye */
    TLS_BROKEN, /* the session is over */
};

struct tls_session {
    SSL *ssl;
};

/* Borrows pipe for good and identity for the call. False without memory. */
MUST_USE bool tls_session_init(struct tls_session *session, const struct tls_identity *identity,
                               bool is_server, struct tls_pipe *pipe);
void tls_session_fini(struct tls_session *session);

/* Needs TLS_HANDSHAKE_ROOM in the pipe. */
MUST_USE enum tls_result tls_session_handshake(struct tls_session *session);
/* Read as many records as the input has and the room holds, where room is at least TLS_RECORD_MAX. Also when the result
 * is not TLS_DONE there may be bytes in out. records_out counts them. */
MUST_USE enum tls_result tls_session_read(struct tls_session *session, uint8_t *out, size_t room,
                                          size_t *length_out, uint64_t *records_out);
/* Write one record of at most TLS_RECORD_MAX bytes; the pipe has TLS_RECORD_ROOM. False: the session is over. */
MUST_USE bool tls_session_write(struct tls_session *session, const uint8_t *bytes, size_t length);
/* Say goodbye, if there is room for it. */
void tls_session_goodbye(struct tls_session *session);
/* Give back the buffers of an idle session; the next record takes new ones. */
void tls_session_release_buffers(struct tls_session *session);

/* SHA-256 of the DER of the peer's certificate; false when it showed none. */
MUST_USE bool tls_session_peer_sha256(const struct tls_session *session, uint8_t out[static 32]);
/* RFC 5705, with the label of AUTHENTICATE method 3 (tor-spec 4.4.2) and cid as context. */
void tls_session_export(struct tls_session *session, const uint8_t cid[static 32], uint8_t out[static 32]);
/* Static text: "TLS_AES_256_GCM_SHA384". */
const char *tls_session_cipher(const struct tls_session *session);

#endif
