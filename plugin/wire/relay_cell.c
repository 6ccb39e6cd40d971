#include "wire/relay_cell.h"

#include <string.h>

#include "base/check.h"

#define STREAM_OFFSET    3u
#define LENGTH_OFFSET    9u
#define ZEROS_AFTER_DATA 4u /* tor-spec 6.1: fewer when fewer fit */

#define V1_COMMAND_OFFSET RELAY_V1_TAG_LEN
#define V1_LENGTH_OFFSET  (RELAY_V1_TAG_LEN + 1u)
#define V1_STREAM_OFFSET  RELAY_V1_HEADER_SHORT_LEN

/* --- commands ------------------------------------------------------------------------------------------------------- */

static const char *name_of(uint8_t command) {
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
    case RELAY_CONFLUX_LINK: return "CONFLUX_LINK";
    case RELAY_CONFLUX_LINKED: return "CONFLUX_LINKED";
    case RELAY_CONFLUX_LINKED_ACK: return "CONFLUX_LINKED_ACK";
    case RELAY_CONFLUX_SWITCH: return "CONFLUX_SWITCH";
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
    case RELAY_XOFF: return "XOFF";
    case RELAY_XON: return "XON";
    }
    return NULL;
}

const char *relay_command_name(uint8_t command) {
    const char *name = name_of(command);
    return name ? name : "unknown";
}

bool relay_command_is_known(uint8_t command) {
    return name_of(command) != NULL;
}

bool relay_command_has_stream(uint8_t command) {
    switch (command) {
    case RELAY_BEGIN:
    case RELAY_BEGIN_DIR:
    case RELAY_CONNECTED:
    case RELAY_DATA:
    case RELAY_END:
    case RELAY_RESOLVE:
    case RELAY_RESOLVED:
    case RELAY_XOFF:
    case RELAY_XON: return true;
    default: return false;
    }
}

size_t relay_data_offset(enum relay_format format, uint8_t command) {
    if (format == RELAY_V0)
        return RELAY_HEADER_LEN;
    return relay_command_has_stream(command) ? RELAY_V1_HEADER_LEN : RELAY_V1_HEADER_SHORT_LEN;
}

size_t relay_data_max(enum relay_format format, uint8_t command) {
    return CELL_BODY_LEN - relay_data_offset(format, command);
}

/* --- decoding ------------------------------------------------------------------------------------------------------- */

/* The command is set; its data begins where it must. */
static enum err take_data(enum relay_format format, const uint8_t *body, uint16_t length,
                          struct relay_message *out) {
    if (length > relay_data_max(format, out->command))
        return ERR_PROTOCOL;
    out->data = (struct span){body + relay_data_offset(format, out->command), length};
    return ERR_OK;
}

static enum err decode_v0(const uint8_t *body, struct relay_message *out) {
    enum err e = take_data(RELAY_V0, body, load_u16(body + LENGTH_OFFSET), out);
    if (e == ERR_OK)
        out->stream = load_u16(body + STREAM_OFFSET);
    return e;
}

static enum err decode_v1(const uint8_t *body, struct relay_message *out) {
    if (!relay_command_is_known(out->command))
        return ERR_PROTOCOL;
    enum err e = take_data(RELAY_V1, body, load_u16(body + V1_LENGTH_OFFSET), out);
    if (e == ERR_OK && relay_command_has_stream(out->command)) {
        out->stream = load_u16(body + V1_STREAM_OFFSET);
        if (out->stream == 0)
            return ERR_PROTOCOL;
    }
    return e;
}

enum err relay_message_decode(enum relay_format format, const uint8_t *body, struct relay_message *out) {
    memset(out, 0, sizeof(*out));
    out->command = body[format == RELAY_V0 ? 0 : V1_COMMAND_OFFSET];
    return format == RELAY_V0 ? decode_v0(body, out) : decode_v1(body, out);
}

/* --- encoding ------------------------------------------------------------------------------------------------------- */

static void header_v0(uint8_t *body, const struct relay_message *m) {
    memset(body, 0, RELAY_HEADER_LEN);
    body[0] = m->command;
    store_u16(body + STREAM_OFFSET, m->stream);
    store_u16(body + LENGTH_OFFSET, (uint16_t)m->data.length);
}

static void header_v1(uint8_t *body, const struct relay_message *m) {
    CHECK(relay_command_is_known(m->command));
    CHECK(relay_command_has_stream(m->command) == (m->stream != 0));
    memset(body, 0, RELAY_V1_TAG_LEN);
    body[V1_COMMAND_OFFSET] = m->command;
    store_u16(body + V1_LENGTH_OFFSET, (uint16_t)m->data.length);
    if (m->stream != 0)
        store_u16(body + V1_STREAM_OFFSET, m->stream);
}

void relay_message_encode(enum relay_format format, uint8_t *body, const struct relay_message *m,
                          const uint8_t *padding) {
    size_t length = m->data.length;
    size_t offset = relay_data_offset(format, m->command);
    CHECK(length <= CELL_BODY_LEN - offset);
    if (length > 0)
        memmove(body + offset, m->data.data, length); /* the data may lie in body already */
    if (format == RELAY_V0)
        header_v0(body, m);
    else
        header_v1(body, m);
    size_t end = offset + length;
    size_t zeros =
        !padding || CELL_BODY_LEN - end < ZEROS_AFTER_DATA ? CELL_BODY_LEN - end : ZEROS_AFTER_DATA;
    memset(body + end, 0, zeros);
    if (padding)
        memcpy(body + end + zeros, padding, CELL_BODY_LEN - end - zeros);
}
