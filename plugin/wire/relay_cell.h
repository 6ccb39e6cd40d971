/* relay_cell - the header inside the 509 bytes of a RELAY cell, format V0 (tor-spec 6.1).
 *
 * command(1) recognized(2) stream(2) digest(4) length(2), then up to 498 bytes of data, four zeros, random padding. */
#ifndef LOOM_WIRE_RELAY_CELL_H
#define LOOM_WIRE_RELAY_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/cell.h"

#define RELAY_HEADER_LEN        11u
#define RELAY_DATA_MAX          (CELL_BODY_LEN - RELAY_HEADER_LEN) /* 498 */
#define RELAY_RECOGNIZED_OFFSET 1u
#define RELAY_DIGEST_OFFSET     5u
#define RELAY_DIGEST_LEN        4u

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
};

struct relay_message {
    uint8_t command; /* enum relay_command or unknown */
    uint16_t stream;
    struct span data;
};

/* body has CELL_BODY_LEN bytes, decrypted and recognized. A length above 498 is ERR_PROTOCOL. */
MUST_USE enum err relay_message_decode(const uint8_t *body, struct relay_message *out);
/* Write header and data, recognized and digest zero, four zeros after the data, then padding up to 509 bytes:
 * padding is random bytes of the caller (at least CELL_BODY_LEN of them) or NULL for zeros. data.length <= 498. */
void relay_message_encode(uint8_t *body, const struct relay_message *m, const uint8_t *padding);

const char *relay_command_name(uint8_t command);

#endif
