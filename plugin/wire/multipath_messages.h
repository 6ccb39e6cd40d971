/* multipath_messages - bodies of relay messages that steer streams and circuits beyond windows: XON and XOFF (proposal 324,
 * section 4), and those of conflux (proposal 329): LINK, LINKED, LINKED_ACK, SWITCH. */
#ifndef LOOM_WIRE_MULTIPATH_MESSAGES_H
#define LOOM_WIRE_MULTIPATH_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

/* All have a version; of others than the one below nothing is known: ERR_UNSUPPORTED. Bytes after the message are ignored. */

/* Version 0. */
struct xon_message {
    uint32_t kb_per_s; /* advice: the rate at which the reader reads, in 1000 bytes; 0: as fast as you like */
};
MUST_USE enum err xon_decode(struct span body, struct xon_message *out);
void xon_encode(struct bytes_out *out, const struct xon_message *m);
MUST_USE enum err xoff_decode(struct span body);
void xoff_encode(struct bytes_out *out);

/* How the other side should choose among legs. */
enum conflux_wish {
    CONFLUX_NO_WISH,
    CONFLUX_MIN_LATENCY,
    CONFLUX_LOW_MEM_LATENCY,
    CONFLUX_HIGH_THROUGHPUT,
    CONFLUX_LOW_MEM_THROUGHPUT
};

#define CONFLUX_NONCE_LEN 32u

/* LINK and LINKED, version 1. */
struct conflux_link_message {
    uint8_t nonce[CONFLUX_NONCE_LEN];  /* names the set of circuits */
    uint64_t last_sent, last_received; /* sequence numbers, for a leg that is to replace another */
    uint8_t wish;                      /* enum conflux_wish */
};
/* A wish beyond those is ERR_PROTOCOL. */
MUST_USE enum err conflux_link_decode(struct span body, struct conflux_link_message *out);
void conflux_link_encode(struct bytes_out *out, const struct conflux_link_message *m);

/* LINKED_ACK is empty. */

/* The next message of this leg has this many messages sent on others before it. */
struct conflux_switch_message {
    uint32_t skipped;
};
MUST_USE enum err conflux_switch_decode(struct span body, struct conflux_switch_message *out);
void conflux_switch_encode(struct bytes_out *out, const struct conflux_switch_message *m);

#endif
