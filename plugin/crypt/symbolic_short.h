/* symbolic_short - bodies of relay cells of which only the head is kept, because all that is behind it is zeros.
 *
 * Simulated data is zeros. Millions of cells wait in simulated queues, each with 509 bytes that nobody looks at until a relay
 * or an origin recognizes the cell; so between the two a body may be its first bytes and a mark, what is behind being
 * undefined. Who cuts records into cells may shorten (model/sim/sim_message.c); the symbolic layers move what is short as it is,
 * and lengthen it before anybody may recognize it. Only DATA stays short: no core reads its bytes, and the runtime to which
 * they go asks symbolic_short_data how many there are. A body that is not zeros there cannot have the mark but by a chance of
 * 2^-64. No result depends on it. */
#ifndef LOOM_CRYPT_SYMBOLIC_SHORT_H
#define LOOM_CRYPT_SYMBOLIC_SHORT_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "crypt/symbolic_mix.h"
#include "wire/cell.h"
#include "wire/relay_cell.h"

#define SYMBOLIC_SHORT_LEN  24u
#define SYMBOLIC_SHORT_ALL  (SYMBOLIC_SHORT_LEN + 8u) /* with the mark */
#define SYMBOLIC_SHORT_MARK UINT64_C(0x9d3f6a21c85be047)

static_assert(SYMBOLIC_SHORT_LEN >= RELAY_V1_HEADER_LEN, "the headers of both formats are there");

static inline bool symbolic_is_short(const uint8_t body[static CELL_BODY_LEN]) {
    return symbolic_load(body + SYMBOLIC_SHORT_LEN) == SYMBOLIC_SHORT_MARK;
}

/* Say that all behind SYMBOLIC_SHORT_LEN is zeros. */
static inline void symbolic_shorten(uint8_t body[static CELL_BODY_LEN]) {
    symbolic_store(body + SYMBOLIC_SHORT_LEN, SYMBOLIC_SHORT_MARK);
}

/* How many of length bytes of a DATA message, which lie in a body behind its header, are there; the others are zeros. */
static inline size_t symbolic_short_data(const uint8_t *data, size_t length) {
    const size_t v0 = SYMBOLIC_SHORT_LEN - RELAY_HEADER_LEN, v1 = SYMBOLIC_SHORT_LEN - RELAY_V1_HEADER_LEN;
    if (length > v0 && symbolic_load(data + v0) == SYMBOLIC_SHORT_MARK)
        return v0;
    if (length > v1 && symbolic_load(data + v1) == SYMBOLIC_SHORT_MARK)
        return v1;
    return length;
}

/* Write the zeros, if it is short. */
static inline void symbolic_lengthen(uint8_t body[static CELL_BODY_LEN]) {
    if (symbolic_is_short(body))
        memset(body + SYMBOLIC_SHORT_LEN, 0, CELL_BODY_LEN - SYMBOLIC_SHORT_LEN);
}

#endif
