/* bench - what `loom bench sim` measures: how fast the engine is, and how much memory a simulated thing takes. */
#ifndef LOOM_LOOM_BENCH_H
#define LOOM_LOOM_BENCH_H

#include "files/mistake.h"
#include "sim/sim_config.h"

/* An allocator that counts what is out. Thread: one. */
struct bench_memory {
    struct memory memory;
    uint64_t bytes; /* now */
};

void bench_memory_init(struct bench_memory *counting);

/* Bytes of state, by the difference of small worlds that differ in one thing. */
struct bench_state {
    double client;       /* of a client host that has done nothing yet */
    double link_side;    /* of one side of an idle link, its TCP connection with it */
    double circuit_half; /* of one half at a relay, with its share of the circuit's origin */
};

MUST_USE bool bench_state(struct bench_state *out, struct mistake *mistake);

struct bench_speed {
    double cells_per_core_s; /* relayed, cell x relay, after the warm-up */
    double events_per_core_s;
    double simulated_s, cpu_s;
    uint64_t cells;
    uint32_t relays, clients;
};

/* Run the first arm and seed of a scenario in one thread: its warm-up, and then so many simulated seconds, measured. */
MUST_USE bool bench_speed(const char *scenario, uint64_t seconds, struct bench_speed *out,
                          struct mistake *mistake);

#endif
