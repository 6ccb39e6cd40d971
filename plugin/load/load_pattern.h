/* load_pattern - bodies of cells that tell what is missing, doubled, out of order or changed.
 *
 * A body names its circuit, its place in the order, and when it was written; the rest is a cut of one pool of bytes that depends
 * on the first two. The field `recognized` is never zero, so that no relay takes the cell for its own (tor-spec 6.1).
 * Thread: the pool is made once, by load_pattern_init, and then only read. */
#ifndef LOOM_LOAD_LOAD_PATTERN_H
#define LOOM_LOAD_LOAD_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "wire/cell.h"

#define LOAD_POOL_LEN 4096u

struct load_pattern {
    uint8_t pool[LOAD_POOL_LEN];
};

void load_pattern_init(struct load_pattern *pattern, uint64_t seed);
/* The body of cell number `order` of that circuit, written at that time, which may be 0 when nobody will ask. */
void load_pattern_fill(const struct load_pattern *pattern, uint32_t circuit, uint64_t order, nsec at,
                       uint8_t body_out[static CELL_BODY_LEN]);
/* When a body says that it was written. */
nsec load_pattern_at(const uint8_t body[static CELL_BODY_LEN]);
/* Which circuit a body says that it is of. */
uint32_t load_pattern_circuit(const uint8_t body[static CELL_BODY_LEN]);
/* Is it, byte by byte but for the time, cell number `order` of that circuit? */
MUST_USE bool load_pattern_fits(const struct load_pattern *pattern, uint32_t circuit, uint64_t order,
                                const uint8_t body[static CELL_BODY_LEN]);

#endif
