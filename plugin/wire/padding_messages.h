/* padding_messages - relay messages that start and stop padding machines: PADDING_NEGOTIATE and PADDING_NEGOTIATED
 * (padding-spec 3.1). PADDING_NEGOTIATE of links is in link_messages.h. */
#ifndef LOOM_WIRE_PADDING_MESSAGES_H
#define LOOM_WIRE_PADDING_MESSAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

#define CIRCUIT_PADDING_LEN    8u
#define PADDING_NEGOTIATED_LEN 8u

enum circuit_padding_command { CIRCUIT_PADDING_STOP = 1, CIRCUIT_PADDING_START = 2 };

/* PADDING_NEGOTIATE: from the client. */
struct circuit_padding_message {
    uint8_t command; /* enum circuit_padding_command */
    uint8_t machine; /* any: not every number is a machine that we have */
    uint32_t counter;
};
/* ERR_UNSUPPORTED: another version. */
MUST_USE enum err circuit_padding_decode(struct span data, struct circuit_padding_message *out);
void circuit_padding_encode(struct bytes_out *out, const struct circuit_padding_message *m);

/* PADDING_NEGOTIATED: the answer, and STOP when a relay's machine has come to its end. */
struct padding_negotiated_message {
    uint8_t command;
    bool is_ok;
    uint8_t machine;
    uint32_t counter;
};
MUST_USE enum err padding_negotiated_decode(struct span data, struct padding_negotiated_message *out);
void padding_negotiated_encode(struct bytes_out *out, const struct padding_negotiated_message *m);

#endif
