/* cell - link cells: commands, framing of a byte stream into views, and headers (tor-spec 3).
 *
 * Fixed cells are CircID | command | 509 bytes; variable ones (VERSIONS and commands >= 128) CircID | command | length |
 * body. CircID has 2 bytes before the link version is agreed and 4 after it (we speak v4 and v5 only). */
#ifndef LOOM_WIRE_CELL_H
#define LOOM_WIRE_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"

#define CELL_BODY_LEN       509u
#define CELL_HEADER_LEN     5u                                /* 4-byte CircID and the command */
#define CELL_LEN            (CELL_HEADER_LEN + CELL_BODY_LEN) /* 514 */
#define CELL_VAR_HEADER_LEN 7u

enum cell_command {
    CELL_PADDING = 0,
    CELL_CREATE = 1,
    CELL_CREATED = 2,
    CELL_RELAY = 3,
    CELL_DESTROY = 4,
    CELL_CREATE_FAST = 5,
    CELL_CREATED_FAST = 6,
    CELL_VERSIONS = 7,
    CELL_NETINFO = 8,
    CELL_RELAY_EARLY = 9,
    CELL_CREATE2 = 10,
    CELL_CREATED2 = 11,
    CELL_PADDING_NEGOTIATE = 12,
    CELL_VPADDING = 128,
    CELL_CERTS = 129,
    CELL_AUTH_CHALLENGE = 130,
    CELL_AUTHENTICATE = 131,
    CELL_AUTHORIZE = 132,
};

/* A cell that lies in a read buffer: valid only during the call that it is handed to. */
struct cell_view {
    uint32_t circ_id;
    uint8_t command;
    uint16_t length; /* of body: CELL_BODY_LEN for fixed cells */
    const uint8_t *body;
};

/* Copy a body. In pieces that compilers make vector moves of: the 509 bytes in one memcpy become a string instruction (gcc
 * 12), which waits for each cell's cache lines before it begins with the next cell's. */
static inline void cell_copy_body(uint8_t *restrict to, const uint8_t *restrict from) {
    for (unsigned at = 0; at + 64 <= CELL_BODY_LEN; at += 64)
        memcpy(to + at, from + at, 64);
    memcpy(to + CELL_BODY_LEN - 64, from + CELL_BODY_LEN - 64, 64);
}

static inline bool cell_command_is_variable(uint8_t command) {
    return command == CELL_VERSIONS || command >= 128;
}

/* Cut up to max whole cells off in. in is left at the first byte that is not part of a returned cell.
 * circ_id_length is 2 or 4. Variable bodies longer than variable_max: ERR_LIMIT, with in at that cell; the cells
 * before it are still in views_out and counted in *count_out. */
MUST_USE enum err cell_frame(struct bytes_in *in, unsigned circ_id_length, uint16_t variable_max,
                             struct cell_view *views_out, uint32_t max, uint32_t *count_out);

/* Bytes that a cell takes on the wire. */
size_t cell_wire_length(uint8_t command, uint16_t length, unsigned circ_id_length);
/* Write a whole cell; fixed cells are padded with zeros up to 509. */
void cell_put(struct bytes_out *out, unsigned circ_id_length, uint32_t circ_id, uint8_t command,
              const void *body, uint16_t length);

/* "CREATE2", or "unknown"; never NULL. */
const char *cell_command_name(uint8_t command);

#endif
