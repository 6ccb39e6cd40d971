#include "wire/relay_cell.h"

#include <string.h>

#include "base/check.h"

#define STREAM_OFFSET    3u
#define LENGTH_OFFSET    9u
#define ZEROS_AFTER_DATA 4u /* tor-spec 6.1: fewer when fewer fit */

enum err relay_message_decode(const uint8_t *body, struct relay_message *out) {
    uint16_t length = load_u16(body + LENGTH_OFFSET);
    memset(out, 0, sizeof(*out));
    if (length > RELAY_DATA_MAX)
        return ERR_PROTOCOL;
    out->command = body[0];
    out->stream = load_u16(body + STREAM_OFFSET);
    out->data = (struct span){body + RELAY_HEADER_LEN, length};
    return ERR_OK;
}

void relay_message_encode(uint8_t *body, const struct relay_message *m, const uint8_t *padding) {
    size_t length = m->data.length;
    CHECK(length <= RELAY_DATA_MAX);
    if (length > 0)
        memmove(body + RELAY_HEADER_LEN, m->data.data, length); /* the data may lie in body already */
    memset(body, 0, RELAY_HEADER_LEN);
    body[0] = m->command;
    store_u16(body + STREAM_OFFSET, m->stream);
    store_u16(body + LENGTH_OFFSET, (uint16_t)length);
    size_t end = RELAY_HEADER_LEN + length;
    size_t zeros =
        !padding || CELL_BODY_LEN - end < ZEROS_AFTER_DATA ? CELL_BODY_LEN - end : ZEROS_AFTER_DATA;
    memset(body + end, 0, zeros);
    if (padding)
        memcpy(body + end + zeros, padding, CELL_BODY_LEN - end - zeros);
}

const char *relay_command_name(uint8_t command) {
    switch ((enum relay_command)command) {
    case RELAY_BEGIN: return "BEGIN";
    case RELAY_DATA: return "DATA";
    case RELAY_END: return "END";
    case RELAY_CONNECTED: return "CONNECTED";
    case RELAY_SENDME: return "SENDME";
    case RELAY_EXTEND: return "EXTEND";
    case RELAY_EXTENDED: return "EXTENDED";
    case RELAY_TRUNCATE: return "TRUNCATE";
    case RELAY_TRUNCATED: return "TRUNCATED";
    case RELAY_DROP: return "DROP";
    case RELAY_RESOLVE: return "RESOLVE";
    case RELAY_RESOLVED: return "RESOLVED";
    case RELAY_BEGIN_DIR: return "BEGIN_DIR";
    case RELAY_EXTEND2: return "EXTEND2";
    case RELAY_EXTENDED2: return "EXTENDED2";
    case RELAY_ESTABLISH_INTRO: return "ESTABLISH_INTRO";
    case RELAY_ESTABLISH_RENDEZVOUS: return "ESTABLISH_RENDEZVOUS";
    case RELAY_INTRODUCE1: return "INTRODUCE1";
    case RELAY_INTRODUCE2: return "INTRODUCE2";
    case RELAY_RENDEZVOUS1: return "RENDEZVOUS1";
    case RELAY_RENDEZVOUS2: return "RENDEZVOUS2";
    case RELAY_INTRO_ESTABLISHED: return "INTRO_ESTABLISHED";
    case RELAY_RENDEZVOUS_ESTABLISHED: return "RENDEZVOUS_ESTABLISHED";
    case RELAY_INTRODUCE_ACK: return "INTRODUCE_ACK";
    case RELAY_PADDING_NEGOTIATE: return "PADDING_NEGOTIATE";
    case RELAY_PADDING_NEGOTIATED: return "PADDING_NEGOTIATED";
    }
    return "unknown";
}
