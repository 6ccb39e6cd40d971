/* origin_handshake - ask a relay to become the next hop of a path, and take it in when it has answered: CREATE2 to the first,
 * EXTEND2 to the others, ntor each time (tor-spec 5.1).
 *
 * Owner: the circuit. Memory: the state of a handshake is a slab object of the origin, from asking to dropping. */
#ifndef LOOM_ORIGIN_ORIGIN_HANDSHAKE_H
#define LOOM_ORIGIN_ORIGIN_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "crypt/ntor.h"
#include "origin/origin_context.h"
#include "origin/origin_path.h"
#include "wire/circuit_messages.h"

/* A relay to extend to. */
struct origin_target {
    uint8_t rsa_id[RSA_ID_LEN];
    uint8_t ed_id[ED_ID_LEN];
    bool has_ed_id;
    uint8_t onion_key[32];
    struct endpoint ipv4, ipv6; /* family NONE when absent; not needed for the first hop */
};

/* Ask. NULL at a bound or without memory: then nothing was sent. */
MUST_USE struct ntor_client_state *origin_handshake_create(struct origin_path *path,
                                                           const struct origin_target *first);
MUST_USE struct ntor_client_state *origin_handshake_extend(struct origin_path *path,
                                                           const struct origin_target *next);
/* The body of CREATED2 or EXTENDED2 has come: the relay becomes the last hop of path. ERR_MALFORMED, ERR_BAD_SIGNATURE when it
 * is not who it should be, ERR_LIMIT without memory. */
MUST_USE enum err origin_handshake_finish(struct origin_path *path, const struct ntor_client_state *handshake,
                                          struct span body);
/* Wipe and put back. NULL is fine. */
void origin_handshake_drop(struct origin *o, struct ntor_client_state *handshake);

#endif
