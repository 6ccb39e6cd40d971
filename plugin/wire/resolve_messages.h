/* resolve_messages - bodies of RESOLVE and RESOLVED (tor-spec 6.4), and of the END that tells which address an exit would
 * have reached (6.3). */
#ifndef LOOM_WIRE_RESOLVE_MESSAGES_H
#define LOOM_WIRE_RESOLVE_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/address.h"
#include "wire/stream_messages.h"

#define NAME_ANSWERS_MAX 16u

/* What the world is asked: the addresses of a host, or the name of an address. */
struct name_query {
    char host[BEGIN_HOST_MAX + 1]; /* lower case; empty: the name of address is asked for */
    struct address address;        /* host as a number: nobody has to be asked; or whose name is asked for */
    bool wants_ipv4, wants_ipv6;
};

enum name_status {
    NAME_FOUND,
    NAME_TRANSIENT,   /* nobody could answer now */
    NAME_NONTRANSIENT /* there is no such name, or nothing of what was asked for */
};

struct name_answer {
    uint8_t status; /* enum name_status */
    uint8_t count;
    struct address addresses[NAME_ANSWERS_MAX];
    char host[BEGIN_HOST_MAX + 1]; /* of a query for the name of an address */
};

/* A name, a number or the name in in-addr.arpa or ip6.arpa of a number; up to a NUL or the end. All kinds of answers are
 * wanted. Control characters and spaces are ERR_MALFORMED. */
MUST_USE enum err resolve_decode(struct span body, struct name_query *out);

/* As many answers as fit into room. Times to live are always CONNECTED_TTL_MAX_S: what else tor says tells about the
 * exit's cache. */
void resolved_encode(struct bytes_out *out, const struct name_answer *answer);
/* What an origin reads; answers that it does not know are passed over. */
MUST_USE enum err resolved_decode(struct span body, struct name_answer *out);

/* END because of the policy, with the address that was not allowed (family NONE: without). */
void end_policy_encode(struct bytes_out *out, const struct address *address);

#endif
