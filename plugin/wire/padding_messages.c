#include "wire/padding_messages.h"

#include <string.h>

#define PADDING_VERSION 0u

enum padding_response { PADDING_OK = 1, PADDING_ERR = 2 };

static bool is_command(uint8_t command) {
    return command == CIRCUIT_PADDING_STOP || command == CIRCUIT_PADDING_START;
}

enum err circuit_padding_decode(struct span data, struct circuit_padding_message *out) {
    struct bytes_in in = bytes_in(data.data, data.length);
    memset(out, 0, sizeof(*out));
    uint8_t version = bytes_u8(&in);
    out->command = bytes_u8(&in);
    out->machine = bytes_u8(&in);
    (void)bytes_u8(&in); /* was echo_request */
    out->counter = bytes_u32(&in);
    if (!bytes_ok(&in))
        return ERR_MALFORMED;
    if (version != PADDING_VERSION)
        return ERR_UNSUPPORTED;
    return is_command(out->command) ? ERR_OK : ERR_MALFORMED;
}

void circuit_padding_encode(struct bytes_out *out, const struct circuit_padding_message *m) {
    bytes_put_u8(out, PADDING_VERSION);
    bytes_put_u8(out, m->command);
    bytes_put_u8(out, m->machine);
    bytes_put_u8(out, 0);
    bytes_put_u32(out, m->counter);
}

enum err padding_negotiated_decode(struct span data, struct padding_negotiated_message *out) {
    struct bytes_in in = bytes_in(data.data, data.length);
    memset(out, 0, sizeof(*out));
    uint8_t version = bytes_u8(&in);
    out->command = bytes_u8(&in);
    uint8_t response = bytes_u8(&in);
    out->is_ok = response == PADDING_OK;
    out->machine = bytes_u8(&in);
    out->counter = bytes_u32(&in);
    if (!bytes_ok(&in))
        return ERR_MALFORMED;
    if (version != PADDING_VERSION)
        return ERR_UNSUPPORTED;
    return is_command(out->command) && (out->is_ok || response == PADDING_ERR) ? ERR_OK : ERR_MALFORMED;
}

void padding_negotiated_encode(struct bytes_out *out, const struct padding_negotiated_message *m) {
    bytes_put_u8(out, PADDING_VERSION);
    bytes_put_u8(out, m->command);
    bytes_put_u8(out, m->is_ok ? PADDING_OK : PADDING_ERR);
    bytes_put_u8(out, m->machine);
    bytes_put_u32(out, m->counter);
}
