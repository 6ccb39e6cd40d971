/* stream_messages - bodies of relay messages about streams and flow control: BEGIN, CONNECTED, END, SENDME
 * (tor-spec 6.2, 6.3, 7.3). Decoded spans borrow the body. */
#ifndef LOOM_WIRE_STREAM_MESSAGES_H
#define LOOM_WIRE_STREAM_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/address.h"

#define BEGIN_HOST_MAX      255u
#define CONNECTED_TTL_MAX_S 60u /* tor 0.4.9.4 clips to it */

/* What a stream leads to. */
enum stream_kind {
    STREAM_DESTINATION, /* BEGIN: a connection of the exit */
    STREAM_DIRECTORY,   /* BEGIN_DIR: our directory server (tor-spec 6.2.1) */
};

enum begin_flag { BEGIN_IPV6_OK = 1, BEGIN_IPV4_NOT_OK = 2, BEGIN_IPV6_PREFERRED = 4 };

struct begin_message {
    char host[BEGIN_HOST_MAX + 1]; /* name or address text, lower case, without brackets */
    uint16_t port;                 /* not 0 */
    uint32_t flags;                /* enum begin_flag bits; 0 when absent */
    /* Not of the message: what the relay that got it adds for the edge. */
    enum stream_kind kind; /* a directory stream has neither host nor port */
    bool
        is_previous_relay; /* the hop before us has proved to be a relay, so we do not meet the origin itself */
    struct address previous; /* of that hop */
};
/* As lenient as tor: any case, reserved flags ignored, flags cut off are none. Space, control characters, and colons
 * outside of an IPv6 address are ERR_MALFORMED. */
MUST_USE enum err begin_decode(struct span body, struct begin_message *out);
void begin_encode(struct bytes_out *out, const struct begin_message *m);

struct connected_message {
    struct address address; /* NONE: empty body, allowed */
    uint32_t ttl_s;
};
/* ttl_s is 0 when an IPv4 address comes alone, as from old exits. */
MUST_USE enum err connected_decode(struct span body, struct connected_message *out);
/* Clips ttl_s to CONNECTED_TTL_MAX_S; 0.0.0.0 has no form and gives an empty body. */
void connected_encode(struct bytes_out *out, const struct connected_message *m);

enum end_reason {
    END_MISC = 1,
    END_RESOLVEFAILED = 2,
    END_CONNECTREFUSED = 3,
    END_EXITPOLICY = 4,
    END_DESTROY = 5,
    END_DONE = 6,
    END_TIMEOUT = 7,
    END_NOROUTE = 8,
    END_HIBERNATING = 9,
    END_INTERNAL = 10,
    END_RESOURCELIMIT = 11,
    END_CONNRESET = 12,
    END_TORPROTOCOL = 13,
    END_NOTDIRECTORY = 14,
};
/* First byte, or END_MISC of an empty body. */
uint8_t end_reason_decode(struct span body);

#define SENDME_TAG_MAX 20u
struct sendme_message {
    uint8_t version;    /* 0: no tag (an empty body too) */
    uint8_t tag_length; /* 20 or 16 in version 1 */
    uint8_t tag[SENDME_TAG_MAX];
};
MUST_USE enum err sendme_decode(struct span body, struct sendme_message *out);
void sendme_encode(struct bytes_out *out, const struct sendme_message *m);

#endif
