/* directory_query - what the path of a directory request asks for (dir-spec B), under /tor/.
 *
 * Pure. Memory: spans borrow the path. Identifiers are read one by one (directory_query_next), so their number is bounded
 * by the path's length alone. To add a resource: an enumerator, a line in the table of the .c. */
#ifndef LOOM_WIRE_DIRECTORY_QUERY_H
#define LOOM_WIRE_DIRECTORY_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"

enum directory_resource {
    DIRECTORY_UNKNOWN,
    DIRECTORY_FRONT_PAGE, /* / */
    DIRECTORY_ROBOTS,     /* /tor/robots.txt */
    DIRECTORY_CONSENSUS, /* /tor/status-vote/current/consensus[-F][/diff/HASH][/FP+FP...]: ids are what must have signed */
    DIRECTORY_KEYS_ALL,          /* /tor/keys/all */
    DIRECTORY_KEYS_AUTHORITY,    /* /tor/keys/authority */
    DIRECTORY_KEYS_FP,           /* /tor/keys/fp/FP+FP...: identities of authorities */
    DIRECTORY_KEYS_SK,           /* /tor/keys/sk/SK+SK...: digests of signing keys */
    DIRECTORY_KEYS_FP_SK,        /* /tor/keys/fp-sk/FP-SK+FP-SK...: both */
    DIRECTORY_MICRODESCRIPTORS,  /* /tor/micro/d/D-D...: base64 of SHA256 */
    DIRECTORY_SERVERS_ALL,       /* /tor/server/all */
    DIRECTORY_SERVERS_AUTHORITY, /* /tor/server/authority: our own descriptor */
    DIRECTORY_SERVERS_FP,        /* /tor/server/fp/FP+FP...: identities of relays */
    DIRECTORY_SERVERS_D,         /* /tor/server/d/D+D...: SHA1 of descriptors */
    DIRECTORY_EXTRA,             /* /tor/extra/... */
    DIRECTORY_HS,                /* /tor/hs/3/...: rest is what follows */
};

struct directory_query {
    enum directory_resource resource;
    bool is_microdesc; /* CONSENSUS: of which flavour; false: ns */
    bool is_packed;    /* the path ends with .z: deflate, whatever Accept-Encoding says */
    bool has_base;     /* CONSENSUS: base is given in the path */
    uint8_t base[32];
    struct span rest; /* identifiers as text */
};

#define DIRECTORY_ID_MAX 40u /* of FP-SK: one after the other */

/* path as in http_request: begins with '/'. */
void directory_query_parse(struct span path, struct directory_query *out);

struct directory_id {
    uint8_t bytes[DIRECTORY_ID_MAX];
    uint8_t length; /* of CONSENSUS it may be a prefix of 1 to 20 bytes; otherwise what the resource has */
};
/* Take the next identifier that is one off query->rest; what is none is passed over. False at the end. */
MUST_USE bool directory_query_next(struct directory_query *query, struct directory_id *out);

/* Take the next digest off X-Or-Diff-From-Consensus. False at the end. */
MUST_USE bool directory_base_next(struct span *rest, uint8_t out[static 32]);

#endif
