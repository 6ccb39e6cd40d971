/* tls_pipe - the windows through which the TLS sessions of a thread read and write, and what a session says of it.
 *
 * Owner: whoever has the buffers. Thread: one; several sessions share a pipe, one at a time. */
#ifndef LOOM_NATIVE_TLS_PIPE_H
#define LOOM_NATIVE_TLS_PIPE_H

#include <stddef.h>
#include <stdint.h>

#define TLS_RECORD_MAX     16384u /* plaintext of one record */
#define TLS_RECORD_ROOM    16709u /* and what it becomes on the wire, at most */
#define TLS_HANDSHAKE_ROOM 32768u /* a flight of handshake messages is shorter */

/* in: ciphertext that has come and is still to be read. out: ciphertext to be sent. */
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

#endif
