/* bench_balance - what `loom bench balance` measures: a big relay whose links differ much, with so many threads and one way of
 * spreading links over them.
 *
 * The relay is the middle of all circuits; nothing else costs time. Its CPU is slow, so that the engine can show many threads. What
 * links carry falls off as 1 / rank, and they come one after the other, in an order drawn by the seed. */
#ifndef LOOM_LOOM_BENCH_BALANCE_H
#define LOOM_LOOM_BENCH_BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "core/balance_policy.h"

struct bench_balance {
    uint16_t threads;
    enum balance_policy policy;
    uint32_t load_percent; /* what clients ask for, of what the threads can do */
    uint32_t seconds;      /* measured */
    uint64_t seed;
};

struct bench_balance_result {
    double cells_per_s;     /* relayed */
    double ceiling;         /* cells a second that the threads could relay */
    double busiest, idlest; /* threads: share of the time */
    double fetch_ms[3];     /* of 50 kB: median, 90th and 99th percentile */
    double fairness;        /* Jain's index of the rates that links' large transfers saw: 1 is equal */
    uint64_t moves;
};

/* False without memory. */
MUST_USE bool bench_balance(const struct bench_balance *arm, struct bench_balance_result *out);

#endif
