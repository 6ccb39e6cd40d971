/* segment_ranges - disjoint ranges of segment numbers in order, with the bytes they span: what came out of order, and
 * what the other side says came (SACK).
 *
 * Owner: one connection. Memory: none while empty. Bound: SEGMENT_RANGES_MAX ranges. */
#ifndef LOOM_DES_SEGMENT_RANGES_H
#define LOOM_DES_SEGMENT_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "base/memory.h"

#define SEGMENT_RANGES_MAX 4096u /* holes of a window; more are refused, which only costs a retransmission */

struct segment_range {
    uint32_t first;
    uint32_t end;
    uint64_t first_offset;
    uint64_t end_offset;
};

struct segment_ranges {
    struct segment_range *items;
    uint16_t count;
    uint16_t room;
};

void segment_ranges_fini(struct segment_ranges *ranges, const struct memory *memory);
/* Add what may overlap or touch others. ERR_LIMIT without memory or beyond the bound; nothing changed. */
MUST_USE enum err segment_ranges_add(struct segment_ranges *ranges, const struct memory *memory,
                                     const struct segment_range *range);
/* Forget all that is before first. */
void segment_ranges_forget(struct segment_ranges *ranges, const struct memory *memory, uint32_t first);
/* End of the range that holds segment; segment itself when none does. */
uint32_t segment_ranges_skip(const struct segment_ranges *ranges, uint32_t segment);
/* Bytes of all ranges. */
uint64_t segment_ranges_bytes(const struct segment_ranges *ranges);

#endif
