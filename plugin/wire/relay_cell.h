/* relay_cell - the message inside the 509 bytes of a RELAY cell, in both formats.
 *
 * V0 (tor-spec 6.1): command(1) recognized(2) stream(2) digest(4) length(2), then up to 498 bytes of data.
 * V1 (proposal 340; with CGO, proposal 359): tag(16) command(1) length(2), stream(2) for those commands that are about a
 * stream, then up to 490 bytes of data, 488 behind a stream.
 * Both end with four zeros and random padding. Which format a cell has follows from the relay cryptography of its hop. */
#ifndef LOOM_WIRE_RELAY_CELL_H
#define LOOM_WIRE_RELAY_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/cell.h"

enum relay_format { RELAY_V0 = 0, RELAY_V1 = 1 };

/* V0. No message of either format has more data than RELAY_DATA_MAX. */
#define RELAY_HEADER_LEN        11u
#define RELAY_DATA_MAX          (CELL_BODY_LEN - RELAY_HEADER_LEN) /* 498 */
#define RELAY_RECOGNIZED_OFFSET 1u
#define RELAY_DIGEST_OFFSET     5u
#define RELAY_DIGEST_LEN        4u

/* V1 */
#define RELAY_V1_TAG_LEN          16u
#define RELAY_V1_HEADER_LEN       (RELAY_V1_TAG_LEN + 5u)                     /* 21, with a stream */
#define RELAY_V1_HEADER_SHORT_LEN (RELAY_V1_TAG_LEN + 3u)                     /* 19, without */
#define RELAY_V1_STREAM_DATA_MAX  (CELL_BODY_LEN - RELAY_V1_HEADER_LEN)       /* 488 */
#define RELAY_V1_CIRCUIT_DATA_MAX (CELL_BODY_LEN - RELAY_V1_HEADER_SHORT_LEN) /* 490 */

enum relay_command {
    RELAY_BEGIN = 1,
    RELAY_DATA = 2,
    RELAY_END = 3,
    RELAY_CONNECTED = 4,
    RELAY_SENDME = 5,
    RELAY_EXTEND = 6,
    RELAY_EXTENDED = 7,
    RELAY_TRUNCATE = 8,
    RELAY_TRUNCATED = 9,
    RELAY_DROP = 10,
    RELAY_RESOLVE = 11,
    RELAY_RESOLVED = 12,
    RELAY_BEGIN_DIR = 13,
    RELAY_EXTEND2 = 14,
    RELAY_EXTENDED2 = 15,
    RELAY_CONFLUX_LINK = 19,
    RELAY_CONFLUX_LINKED = 20,
    RELAY_CONFLUX_LINKED_ACK = 21,
    RELAY_CONFLUX_SWITCH = 22,
    RELAY_ESTABLISH_INTRO = 32,
    RELAY_ESTABLISH_RENDEZVOUS = 33,
    RELAY_INTRODUCE1 = 34,
    RELAY_INTRODUCE2 = 35,
    RELAY_RENDEZVOUS1 = 36,
    RELAY_RENDEZVOUS2 = 37,
    RELAY_INTRO_ESTABLISHED = 38,
    RELAY_RENDEZVOUS_ESTABLISHED = 39,
    RELAY_INTRODUCE_ACK = 40,
    RELAY_PADDING_NEGOTIATE = 41,
    RELAY_PADDING_NEGOTIATED = 42,
    RELAY_XOFF = 43, /* proposal 324 */
    RELAY_XON = 44,
};

struct relay_message {
    uint8_t command; /* enum relay_command, or in V0 unknown */
    uint16_t stream; /* 0: none */
    struct span data;
};

/* Messages that have a stream id in V1. */
bool relay_command_has_stream(uint8_t command);
/* Bytes before the data, and how much data fits. */
size_t relay_data_offset(enum relay_format format, uint8_t command);
size_t relay_data_max(enum relay_format format, uint8_t command);

/* body has CELL_BODY_LEN bytes, decrypted and recognized. ERR_PROTOCOL for a length that does not fit; in V1 also for an
 * unknown command, whose stream and data cannot be told apart, and for a stream 0 where one must be named. */
MUST_USE enum err relay_message_decode(enum relay_format format, const uint8_t *body,
                                       struct relay_message *out);
/* Write header and data, four zeros after the data, then padding up to 509 bytes: padding is random bytes of the caller (at
 * least CELL_BODY_LEN of them) or NULL for zeros. What the relay cryptography fills in (recognized and digest, or the tag)
 * is zero. data.length <= relay_data_max; in V1 the command is known and stream is 0 exactly when it has none. */
void relay_message_encode(enum relay_format format, uint8_t *body, const struct relay_message *m,
                          const uint8_t *padding);

/* "unknown" for what is not in enum relay_command. */
const char *relay_command_name(uint8_t command);
bool relay_command_is_known(uint8_t command);

#endif
