/* extra_info - write an extra-info document (dir-spec 2.1.2): what a relay tells of itself beside its descriptor, for
 * statistics. Ours has the bytes of the last days and nothing else: tor's further statistics are off by default, or about
 * users.
 *
 * In three steps, as a descriptor (descriptor.h): extra_info_put, then the same two signatures with the same prefix. The
 * descriptor names the result by two digests. Bound: EXTRA_INFO_LEN_MAX. */
#ifndef LOOM_WIRE_EXTRA_INFO_H
#define LOOM_WIRE_EXTRA_INFO_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "wire/descriptor.h"

#define EXTRA_INFO_LEN_MAX    4096u /* ours has about 1200; authorities take 50000 */
#define EXTRA_INFO_INTERVALS  5u    /* as tor tells */
#define EXTRA_INFO_INTERVAL_S 86400u

/* Intervals that have ended, oldest first; the last one ended at ended_s. */
struct extra_info_history {
    uint64_t ended_s;
    uint32_t count;
    uint64_t read[EXTRA_INFO_INTERVALS], written[EXTRA_INFO_INTERVALS]; /* bytes */
};

struct extra_info {
    const char *nickname;
    uint64_t published_s; /* as in the descriptor */
    struct extra_info_history history;
    const struct descriptor_keys *keys;
};

/* ERR_LIMIT when out is full. */
MUST_USE enum err extra_info_put(struct bytes_out *out, const struct extra_info *e);

#endif
