/* consensus_diff - what makes one consensus of another, as text: an ed script from the last line to the first, under a head
 * with two digests (dir-spec 4.5.2; proposal 140).
 *
 *   network-status-diff-version 1
 *   hash BASE TARGET            SHA3-256 of the signed part of the base, and of the whole target
 *   N,$d                        the base's signatures go: who has the base may have other ones
 *   N,Mc or Nd or Na ...
 *
 * Making takes one pass: relays stand in the order of their identities, so both sides are merged, and only the lines of a
 * relay that is in both are compared by their longest common part.
 * Pure. Memory: from the memory handed in, released before return. */
#ifndef LOOM_WIRE_CONSENSUS_DIFF_H
#define LOOM_WIRE_CONSENSUS_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/memory.h"

struct consensus_diff_digests {
    uint8_t base[32], target[32];
};

/* Write the diff. ERR_LIMIT: it is no shorter than out has room, or there is no memory. ERR_UNSUPPORTED: the target cannot be
 * said in ed's way, because a line of it is a mere dot or its last line has no end. */
MUST_USE enum err consensus_diff_make(struct span base, struct span target,
                                      const struct consensus_diff_digests *digests,
                                      const struct memory *memory, struct bytes_out *out);

/* The digests of a diff. False when it is none. */
MUST_USE bool consensus_diff_read_digests(struct span diff, struct consensus_diff_digests *out);
/* Write the target; it has at most as many bytes as base and diff together. The caller compares the digests, before and
 * after. ERR_MALFORMED: it is no diff, or none of this base. ERR_LIMIT: no memory or no room. */
MUST_USE enum err consensus_diff_apply(struct span base, struct span diff, const struct memory *memory,
                                       struct bytes_out *out);

#endif
