/* origin_handshake - ask a relay to become the next hop of a path, and take it in when it has answered: CREATE2 or CREATE_FAST
 * to the first, EXTEND2 to the others (tor-spec 5.1, proposal 332).
 *
 * Owner: the circuit. Memory: the state of a handshake is a slab object of the origin, from asking to dropping. */
#ifndef LOOM_ORIGIN_ORIGIN_HANDSHAKE_H
#define LOOM_ORIGIN_ORIGIN_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "crypt/create_fast.h"
#include "crypt/ntor.h"
#include "crypt/ntor_v3.h"
#include "origin/origin_context.h"
#include "origin/origin_path.h"
#include "wire/circuit_messages.h"
#include "wire/handshake_extensions.h"

/* How to ask: what the relay offers in its `proto` line says which of them it understands. */
enum origin_handshake_kind {
    ORIGIN_HANDSHAKE_NTOR,
    ORIGIN_HANDSHAKE_NTOR_V3, /* Relay=4; needs ed_id */
    ORIGIN_HANDSHAKE_FAST, /* for a first hop whose onion key is not known: only rsa_id is used, by the link */
};

/* A relay to extend to. */
struct origin_target {
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
    uint8_t onion_key[32];
    struct endpoint ipv4, ipv6; /* family NONE when absent; not needed for the first hop */
    enum origin_handshake_kind handshake;
    struct handshake_request request; /* with ntor-v3: what to ask for */
};

struct origin_handshake {
    enum origin_handshake_kind kind;
    struct handshake_request request;
    union {
        struct ntor_client_state ntor;
        struct ntor_v3_client_state ntor_v3;
        uint8_t fast[CREATE_FAST_LEN];
    } u;
};

/* Ask. NULL at a bound, without memory or when the target cannot be asked so: then nothing was sent. */
MUST_USE struct origin_handshake *origin_handshake_create(struct origin_path *path,
                                                          const struct origin_target *first);
/* Not with ORIGIN_HANDSHAKE_FAST. */
MUST_USE struct origin_handshake *origin_handshake_extend(struct origin_path *path,
                                                          const struct origin_target *next);
/* The answer has come in a cell or message of this kind: CELL_CREATED2 (also for EXTENDED2, which has the same body) or
 * CELL_CREATED_FAST. The relay becomes the last hop of path. ERR_PROTOCOL for the wrong kind or for terms that we cannot keep,
 * ERR_MALFORMED, ERR_BAD_SIGNATURE when it is not who it should be, ERR_LIMIT without memory. */
MUST_USE enum err origin_handshake_finish(struct origin_path *path, const struct origin_handshake *handshake,
                                          uint8_t command, struct span body);
/* Wipe and put back. NULL is fine. */
void origin_handshake_drop(struct origin *o, struct origin_handshake *handshake);

#endif
