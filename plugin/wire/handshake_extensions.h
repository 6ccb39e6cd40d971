/* handshake_extensions - what the two messages of an ntor-v3 handshake say: which features of a hop the client asks for, and
 * what the relay grants (proposals 324, 332, 346 and 359).
 *
 * Both are lists: count(1), then type(1) length(1) body each. Unknown types are passed over; of a type that comes twice
 * the first counts. */
#ifndef LOOM_WIRE_HANDSHAKE_EXTENSIONS_H
#define LOOM_WIRE_HANDSHAKE_EXTENSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

struct handshake_request {
    bool wants_congestion_control;
    bool wants_cgo; /* relay cryptography of proposal 359: subprotocol Relay=6 */
};
/* A subprotocol that we cannot grant, or CGO without congestion control, is ERR_UNSUPPORTED: the circuit is refused, because
 * the client would use what it has asked for. Subprotocols that are not in order are ERR_MALFORMED. */
MUST_USE enum err handshake_request_decode(struct span message, struct handshake_request *out);
void handshake_request_encode(struct bytes_out *out, const struct handshake_request *m);

struct handshake_reply {
    uint8_t sendme_inc; /* 0: no congestion control */
};
/* ERR_PROTOCOL for an increment of 0. */
MUST_USE enum err handshake_reply_decode(struct span message, struct handshake_reply *out);
void handshake_reply_encode(struct bytes_out *out, const struct handshake_reply *m);

/* Room for either message as we write it. */
#define HANDSHAKE_MESSAGE_MAX 16u

#endif
