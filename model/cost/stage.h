/* stage - where the time of a relayed cell goes: the stages of its way through a relay, and which of them a kind of work is of.
 *
 * The stages are those of tools/loom_testbed/bench_stages.py, which parts measured time.
 * Law: a bill's stages sum to what cost_work_ps says. */
#ifndef LOOM_COST_STAGE_H
#define LOOM_COST_STAGE_H

#include "cost/price.h"

#define COST_STAGE_LIST(X)              \
    X(SOCKET_READ, "socket read")       \
    X(RECORD_OPEN, "record open")       \
    X(FRAMING, "framing")               \
    X(CIRCUIT_LOOKUP, "circuit lookup") \
    X(CIPHER, "cipher")                 \
    X(QUEUES, "queues and mailroom")    \
    X(SCHEDULER, "scheduler")           \
    X(SERIALIZE, "serialize")           \
    X(RECORD_SEAL, "record seal")       \
    X(SOCKET_WRITE, "socket write")     \
    X(REST, "rest")

enum cost_stage {
#define X(name, text) COST_STAGE_##name,
    COST_STAGE_LIST(X)
#undef X
};
#define COST_STAGES (COST_STAGE_REST + 1u)

/* "socket read"; never NULL. */
const char *cost_stage_name(enum cost_stage stage);

struct cost_bill {
    uint64_t ps[COST_STAGES];
};

/* Part what the work costs at full speed. Bytes under a link's cipher are opened or sealed as the socket's bytes are read or
 * written; what is cold more dearly is of the stage that waits for it: circuits at their lookup, cells in queues. */
void cost_bill_make(const struct cost_table *table, const struct work *work,
                    const struct working_set *working_set, struct cost_bill *bill_out);

#endif
