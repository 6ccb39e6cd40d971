/* load_pattern - bodies of cells that tell what is missing, doubled, out of order or changed.
 *
 * A body names its circuit and its place in the order; the rest is a cut of one pool of bytes that depends on both. The
 * field `recognized` is never zero, so that no relay takes the cell for its own (tor-spec 6.1).
 * Thread: the pool is made once, by load_pattern_init, and then only read. */
#ifndef LOOM_LOAD_LOAD_PATTERN_H
#define LOOM_LOAD_LOAD_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "wire/cell.h"

#define LOAD_POOL_LEN 4096u

struct load_pattern {
    uint8_t pool[LOAD_POOL_LEN];
};

void load_pattern_init(struct load_pattern *pattern, uint64_t seed);
/* The body of cell number `order` of that circuit. */
void load_pattern_fill(const struct load_pattern *pattern, uint32_t circuit, uint64_t order,
                       uint8_t body_out[static CELL_BODY_LEN]);
/* Which circuit a body says that it is of. */
uint32_t load_pattern_circuit(const uint8_t body[static CELL_BODY_LEN]);
/* Is it, byte by byte, cell number `order` of that circuit? */
MUST_USE bool load_pattern_fits(const struct load_pattern *pattern, uint32_t circuit, uint64_t order,
                                const uint8_t body[static CELL_BODY_LEN]);

#endif
