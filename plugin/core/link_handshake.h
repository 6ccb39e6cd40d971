/* link_handshake - how two relays, or a client and a relay, agree on a link: VERSIONS, CERTS, AUTH_CHALLENGE,
 * AUTHENTICATE, NETINFO (tor-spec 4). We speak versions 4 and 5.
 *
 * Owner: the link's manager (or the origin side). Lives until the link is open and its output is written.
 * Input is one framed cell at a time, output a byte string; the transcripts that AUTHENTICATE signs are kept here. */
#ifndef LOOM_CORE_LINK_HANDSHAKE_H
#define LOOM_CORE_LINK_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/memory.h"
#include "core/link_facts.h"
#include "crypt/certificates.h"
#include "crypt/provider.h"
#include "wire/cell.h"

#define HANDSHAKE_CELL_MAX \
    8192u /* longest variable cell that we read: a CERTS with four certificates is 1.5 kB */

/* Whom an initiator expects; has_* false: anybody. */
struct link_expectation {
    uint8_t rsa_id[20];
    uint8_t ed_id[32];
    bool has_rsa_id;
    bool has_ed_id;
};

/* What the handshake found out. */
struct link_peer {
    struct peer_identity identity; /* valid when is_authenticated */
    uint16_t version;
    bool is_authenticated;
    bool is_canonical; /* lists the address that the socket is connected to (tor-spec 4.5) */
};

struct link_handshake;

/* Begin; an initiator has output at once. Borrows crypt, memory and facts->credentials; copies the rest of facts.
 * expected may be NULL for a responder. NULL without memory. */
MUST_USE struct link_handshake *link_handshake_new(const struct crypt_provider *crypt,
                                                   const struct memory *memory,
                                                   const struct link_facts *facts,
                                                   const struct link_expectation *expected);
void link_handshake_free(struct link_handshake *h);

/* Length of CircID in the next cell to read: 2 until the peer's VERSIONS has come, then 4. */
unsigned link_handshake_circ_id_length(const struct link_handshake *h);
/* One cell from the peer. Errors end the link: ERR_PROTOCOL, ERR_UNSUPPORTED (no common version), ERR_IDENTITY,
 * ERR_BAD_SIGNATURE, ERR_EXPIRED, ERR_MALFORMED. Not to be called once open. */
MUST_USE enum err link_handshake_receive(struct link_handshake *h, uint64_t unix_s,
                                         const struct cell_view *cell);
bool link_handshake_is_open(const struct link_handshake *h);
const struct link_peer *link_handshake_peer(const struct link_handshake *h);

/* Bytes to write before anything else on this link. */
struct span link_handshake_output(const struct link_handshake *h);
void link_handshake_written(struct link_handshake *h, size_t length);

#endif
