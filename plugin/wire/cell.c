#include "wire/cell.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"

static_assert(CELL_LEN == 514, "tor-spec 3: with 4-byte circuit ids");

/* Bytes before the body. */
static size_t header_length(uint8_t command, unsigned circ_id_length) {
    return circ_id_length + 1 + (cell_command_is_variable(command) ? 2 : 0);
}

/* The cell at the start of in, which stays where it is unless the cell is whole: then *whole_out is true. */
static enum err frame_one(struct bytes_in *in, unsigned circ_id_length, uint16_t variable_max,
                          struct cell_view *out, bool *whole_out) {
    struct bytes_in at = *in;
    *whole_out = false;
    out->circ_id = circ_id_length == 2 ? bytes_u16(&at) : bytes_u32(&at);
    out->command = bytes_u8(&at);
    bool is_variable = cell_command_is_variable(out->command);
    out->length = is_variable ? bytes_u16(&at) : (uint16_t)CELL_BODY_LEN;
    if (!bytes_ok(&at))
        return ERR_OK;
    if (is_variable && out->length > variable_max)
        return ERR_LIMIT;
    out->body = bytes_take(&at, out->length);
    if (!bytes_ok(&at))
        return ERR_OK;
    *whole_out = true;
    *in = at;
    return ERR_OK;
}

enum err cell_frame(struct bytes_in *in, unsigned circ_id_length, uint16_t variable_max,
                    struct cell_view *views_out, uint32_t max, uint32_t *count_out) {
    CHECK(circ_id_length == 2 || circ_id_length == 4);
    CHECK(bytes_ok(in));
    *count_out = 0;
    while (*count_out < max) {
        bool whole;
        enum err e = frame_one(in, circ_id_length, variable_max, &views_out[*count_out], &whole);
        if (e || !whole)
            return e;
        ++*count_out;
    }
    return ERR_OK;
}

size_t cell_wire_length(uint8_t command, uint16_t length, unsigned circ_id_length) {
    size_t body_length = cell_command_is_variable(command) ? length : CELL_BODY_LEN;
    return header_length(command, circ_id_length) + body_length;
}

void cell_put(struct bytes_out *out, unsigned circ_id_length, uint32_t circ_id, uint8_t command,
              const void *body, uint16_t length) {
    bool is_variable = cell_command_is_variable(command);
    CHECK(circ_id_length == 2 || circ_id_length == 4);
    CHECK(circ_id_length == 4 || circ_id <= UINT16_MAX);
    CHECK(is_variable || length <= CELL_BODY_LEN);
    if (circ_id_length == 2)
        bytes_put_u16(out, (uint16_t)circ_id);
    else
        bytes_put_u32(out, circ_id);
    bytes_put_u8(out, command);
    if (is_variable)
        bytes_put_u16(out, length);
    bytes_put(out, body, length);
    if (is_variable)
        return;
    uint8_t *padding = bytes_reserve(out, CELL_BODY_LEN - length);
    if (padding)
        memset(padding, 0, CELL_BODY_LEN - length);
}

const char *cell_command_name(uint8_t command) {
    switch ((enum cell_command)command) {
    case CELL_PADDING: return "PADDING";
    case CELL_CREATE: return "CREATE";
    case CELL_CREATED: return "CREATED";
    case CELL_RELAY: return "RELAY";
    case CELL_DESTROY: return "DESTROY";
    case CELL_CREATE_FAST: return "CREATE_FAST";
    case CELL_CREATED_FAST: return "CREATED_FAST";
    case CELL_VERSIONS: return "VERSIONS";
    case CELL_NETINFO: return "NETINFO";
    case CELL_RELAY_EARLY: return "RELAY_EARLY";
    case CELL_CREATE2: return "CREATE2";
    case CELL_CREATED2: return "CREATED2";
    case CELL_PADDING_NEGOTIATE: return "PADDING_NEGOTIATE";
    case CELL_VPADDING: return "VPADDING";
    case CELL_CERTS: return "CERTS";
    case CELL_AUTH_CHALLENGE: return "AUTH_CHALLENGE";
    case CELL_AUTHENTICATE: return "AUTHENTICATE";
    case CELL_AUTHORIZE: return "AUTHORIZE";
    }
    return "unknown";
}
