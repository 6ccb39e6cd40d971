/* circuit_messages - bodies that make and end circuits: CREATE2, CREATED2, DESTROY, and inside relay cells EXTEND2,
 * EXTENDED2, TRUNCATED (tor-spec 5.1, 5.4). Decoded spans borrow the body. */
#ifndef LOOM_WIRE_CIRCUIT_MESSAGES_H
#define LOOM_WIRE_CIRCUIT_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/address.h"

enum handshake_type {
    HANDSHAKE_TAP = 0,
    HANDSHAKE_FAST = 1, /* that of CREATE_FAST; in a CREATE2 it is reserved */
    HANDSHAKE_NTOR = 2,
    HANDSHAKE_NTOR_V3 = 3,
};

#define HANDSHAKE_DATA_MAX 505u /* what fits a CREATE2 cell */

struct create2_message {
    uint16_t type; /* enum handshake_type or unknown */
    struct span data;
};
MUST_USE enum err create2_decode(struct span body, struct create2_message *out);
void create2_encode(struct bytes_out *out, const struct create2_message *m);

/* CREATED2 and EXTENDED2 have the same body. */
MUST_USE enum err created2_decode(struct span body, struct span *data_out);
void created2_encode(struct bytes_out *out, struct span data);

#define RSA_ID_LEN 20u
#define ED_ID_LEN  32u

struct extend2_message {
    struct endpoint ipv4, ipv6; /* family NONE when absent */
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
    struct create2_message create;
};
/* Unknown link specifiers are ignored, and addresses after the first of their family; an address or port of zero
 * counts as none, and so does an Ed25519 id of zeros. A missing or zero RSA id, either id twice, or no address at all
 * is ERR_PROTOCOL. */
MUST_USE enum err extend2_decode(struct span body, struct extend2_message *out);
void extend2_encode(struct bytes_out *out, const struct extend2_message *m);

enum destroy_reason {
    DESTROY_NONE = 0,
    DESTROY_PROTOCOL = 1,
    DESTROY_INTERNAL = 2,
    DESTROY_REQUESTED = 3,
    DESTROY_HIBERNATING = 4,
    DESTROY_RESOURCELIMIT = 5,
    DESTROY_CONNECTFAILED = 6,
    DESTROY_OR_IDENTITY = 7,
    DESTROY_CHANNEL_CLOSED = 8,
    DESTROY_FINISHED = 9,
    DESTROY_TIMEOUT = 10,
    DESTROY_DESTROYED = 11,
    DESTROY_NOSUCHSERVICE = 12,
};
/* First byte, or DESTROY_NONE of an empty body (TROVE-2026-011: tolerate it). Serves DESTROY, TRUNCATE, TRUNCATED. */
uint8_t reason_decode(struct span body);

#endif
