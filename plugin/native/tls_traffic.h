/* tls_traffic - both directions of a TLS 1.3 connection after its handshake (RFC 8446): data, alerts, key updates.
 *
 * Records are opened straight from the pipe to where the plaintext is wanted, and sealed straight into the pipe. A record
 * that is not whole yet is kept.
 * Never trusts the peer. What is not data is bounded: TLS_QUIET_MAX records in a row without any, TLS_UPDATES_FREE key updates
 * and one more for every TLS_UPDATE_EVERY records of data. Session tickets are passed over; no other message of a handshake
 * but KeyUpdate is expected (4.6).
 * Owner: one session. Thread: its own, with the pipe. Memory: tls_traffic_new, with two AEAD contexts; a record's worth while
 * one is not whole. Errors: TLS_BROKEN, and the alert that says why is in the pipe if it had room. */
#ifndef LOOM_NATIVE_TLS_TRAFFIC_H
#define LOOM_NATIVE_TLS_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/tls_keys.h"
#include "native/tls_pipe.h"
#include "native/tls_records.h"

#define TLS_QUIET_MAX    32u
#define TLS_UPDATES_FREE 8u
#define TLS_UPDATE_EVERY 1024u
/* 5.5: keys of AES-GCM protect at most 2^24.5 full records; ours are changed long before. */
#define TLS_RECORDS_A_KEY (UINT64_C(1) << 23)

struct tls_traffic {
    struct tls_records in, out;
    bool is_client;
    bool owes_update;    /* the peer has asked for one */
    bool is_over;        /* broken, or closed by the peer */
    uint8_t quiet;       /* records in a row that brought no data */
    uint8_t head_length; /* of the message that has begun: its first bytes */
    uint8_t head[4];
    uint32_t body_left; /* of that message, once its head is whole */
    uint32_t updates;   /* of the peer's keys */
    uint64_t data_records;
    uint8_t *partial; /* TLS_PROTECTED_MAX: a record that is not whole */
    size_t partial_length;
};

/* Copies the secrets. NULL without memory. */
MUST_USE struct tls_traffic *tls_traffic_new(const struct tls_suite *suite, bool is_client,
                                             const struct tls_secret *client_secret,
                                             const struct tls_secret *server_secret);
/* NULL is fine. */
void tls_traffic_free(struct tls_traffic *traffic);

/* Open records of the pipe into out until the pipe is empty (TLS_AGAIN) or out has no room for one more of TLS_RECORD_ROOM, which
 * it has at first (TLS_DONE). Whatever the result, *length_out bytes in out are the peer's. records_out counts those with data. */
MUST_USE enum tls_result tls_traffic_read(struct tls_traffic *traffic, struct tls_pipe *pipe, uint8_t *out,
                                          size_t room, size_t *length_out, uint64_t *records_out);
/* Seal one record of 1 to TLS_RECORD_MAX bytes into the pipe, which has room for TLS_RECORD_ROOM. bytes may be those at
 * tls_traffic_place. False: the session is over. */
MUST_USE bool tls_traffic_write(struct tls_traffic *traffic, struct tls_pipe *pipe, const uint8_t *bytes,
                                size_t length);
/* Where the next record's plaintext need not be moved from. */
uint8_t *tls_traffic_place(struct tls_traffic *traffic, struct tls_pipe *pipe);
/* Say goodbye, if the pipe has room for it. */
void tls_traffic_goodbye(struct tls_traffic *traffic, struct tls_pipe *pipe);
/* Give back what an idle session does not need. */
void tls_traffic_release_buffers(struct tls_traffic *traffic);

#endif
