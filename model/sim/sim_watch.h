/* sim_watch - what an adversary sees of flows at one host: bytes in bins of equal length, and round trips through circuits.
 *
 * A server sees of each connection whose request says that it is observed: when its handshake was over, when the request came
 * (between the two lies a round trip from the exit through the circuit to the client: the way to the exit is in both), and what
 * TCP sent in each bin. A client that probes sees what came of each of its fetches. Nothing is in the way of a byte: totals are looked at once a bin.
 * The law: the bins of a sight sum to its total, and each byte is in the bin (from, from + bin] in which it was counted.
 * Owner: its engine host. Memory: 72 bytes a sight, and 4 a bin of those that have bins. Bound: one sight a fetch. */
#ifndef LOOM_SIM_SIM_WATCH_H
#define LOOM_SIM_SIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/nsec.h"

#define SIM_NO_SIGHT UINT32_MAX

/* One flow as it was seen. */
struct sim_sight {
    uint32_t client; /* whose it is: ground truth, which an adversary does not see */
    uint32_t relay;  /* by which it came here; of a probe: the one that is probed */
    uint16_t session;
    bool has_bins;
    nsec came;      /* the connection: the last of its handshake */
    nsec asked;     /* the request; of a probe: its stream */
    nsec exit_trip; /* between here and the exit and back, as TCP has measured when the request came */
    uint64_t total; /* bytes */
    uint64_t first_bin;
    uint32_t bins, room;
    uint32_t *bytes; /* in each bin */
};

/* What a host saw, in the order in which it began. */
struct sim_sights {
    const struct sim_sight *sights;
    uint32_t count;
};

struct sim_watch {
    struct sim_sight *sights;
    nsec bin; /* 0: nothing is watched */
    uint32_t count, room;
};

/* Keep a copy of *sight and begin with its bins, if it has any, at the one of now. Its number, or SIM_NO_SIGHT without memory. */
MUST_USE uint32_t sim_watch_begin(struct sim_watch *watch, const struct memory *memory, nsec now,
                                  const struct sim_sight *sight);
/* total bytes by now: what is new of them goes into the bin that now is in, or ends. False without memory. */
MUST_USE bool sim_watch_count(struct sim_watch *watch, const struct memory *memory, nsec now, uint32_t sight,
                              uint64_t total);
/* When the next look is due. */
nsec sim_watch_next(const struct sim_watch *watch, nsec now);
void sim_watch_fini(struct sim_watch *watch, const struct memory *memory);

static inline struct sim_sights sim_watch_sights(const struct sim_watch *watch) {
    return (struct sim_sights){watch->sights, watch->count};
}

#endif
