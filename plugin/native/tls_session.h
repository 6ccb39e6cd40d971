/* tls_session - TLS over bytes in memory: one session, which reads and writes through its thread's pipe.
 *
 * OpenSSL shakes hands. After a handshake of TLS 1.3 its session object is freed and records are ours (tls_traffic), opened
 * straight from the pipe and sealed straight into it; those of TLS 1.2 stay with OpenSSL. Callers see no difference.
 * Owner: one link; thread: that of its pipe. Never trusts the peer: any error ends this session only.
 * Memory: in place, which must not move; OpenSSL's session object until the handshake is done, then about 3 kB; while warm, a
 * record that is not whole. With TLS 1.2 OpenSSL's session, and its buffers (33 kB) until tls_session_release_buffers. */
#ifndef LOOM_NATIVE_TLS_SESSION_H
#define LOOM_NATIVE_TLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/link_cipher.h"
#include "native/tls_keys.h"
#include "native/tls_pipe.h"

struct tls_identity;
struct tls_traffic;
typedef struct ssl_st SSL;

struct tls_session {
    SSL *ssl;                    /* until traffic takes over */
    struct tls_traffic *traffic; /* NULL: records are OpenSSL's */
    struct tls_pipe *pipe;
    const struct tls_suite *suite;
    struct tls_secrets secrets; /* after the handshake, the exporter's only */
    uint8_t peer_sha256[32];    /* of the certificate, if it showed one; for traffic */
    bool has_peer_certificate;
    bool is_refused; /* the peer would have none of the ciphers offered */
};

/* Borrows pipe until tls_session_set_pipe, and identity for the call. False without memory. */
MUST_USE bool tls_session_init(struct tls_session *session, const struct tls_identity *identity,
                               bool is_server, struct tls_pipe *pipe);
void tls_session_fini(struct tls_session *session);

/* Of a client, before its handshake: offer what tls_identity_offer_all says. */
void tls_session_offer_all(struct tls_session *session);
/* Needs TLS_HANDSHAKE_ROOM in the pipe. */
MUST_USE enum tls_result tls_session_handshake(struct tls_session *session);
/* Read as many records as the input has and the room holds, where room is at least TLS_RECORD_ROOM. Also when the result
 * is not TLS_DONE there may be bytes in out. records_out counts the records that brought some. */
MUST_USE enum tls_result tls_session_read(struct tls_session *session, uint8_t *out, size_t room,
                                          size_t *length_out, uint64_t *records_out);
/* Write one record of 1 to TLS_RECORD_MAX bytes; the pipe has TLS_RECORD_ROOM. False: the session is over. */
MUST_USE bool tls_session_write(struct tls_session *session, const uint8_t *bytes, size_t length);
/* Where in the pipe, which has TLS_RECORD_ROOM, the plaintext of the next record is best made, TLS_RECORD_MAX at most: then
 * tls_session_write need not move it. Any other call for the pipe ends that. */
uint8_t *tls_session_place(struct tls_session *session);
/* Say goodbye, if there is room for it. */
void tls_session_goodbye(struct tls_session *session);
/* Go on with another thread's pipe, between two operations; NULL until then: it must not be used. */
void tls_session_set_pipe(struct tls_session *session, struct tls_pipe *pipe);
/* Give back the buffers of an idle session; the next record takes new ones. */
void tls_session_release_buffers(struct tls_session *session);

/* SHA-256 of the DER of the peer's certificate; false when it showed none. */
MUST_USE bool tls_session_peer_sha256(const struct tls_session *session, uint8_t out[static 32]);
/* RFC 5705, with the label of AUTHENTICATE method 3 (tor-spec 4.4.2) and cid as context. */
void tls_session_export(struct tls_session *session, const uint8_t cid[static 32], uint8_t out[static 32]);
/* The next byte of the socket begins a record of TLS 1.3. */
bool tls_session_is_between_records(const struct tls_session *session);
/* After the handshake. */
enum link_cipher tls_session_cipher_kind(const struct tls_session *session);
/* Static text: "TLS_AES_256_GCM_SHA384". */
const char *tls_session_cipher(const struct tls_session *session);

#endif
