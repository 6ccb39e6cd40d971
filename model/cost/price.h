/* price - what counted work costs on a named CPU, in integers alone.
 *
 * A price table is of one implementation on one kind of machine (profiles/). Pricing is a pure function, so the
 * engine and the pacing in Shadow charge the same.
 * Law: the price of no work is 0; more of any kind of work, a higher price, more active circuits or more
 * waiting cells never make it lower.
 * Sums that leave 64 bits stay at their end, so a price never wraps.
 * Exactness: a price is the exact sum, rounded up to a nanosecond once a call: price whole batches, not single cells. */
#ifndef LOOM_COST_PRICE_H
#define LOOM_COST_PRICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "base/work.h"

#define COST_PS_PER_NS        UINT64_C(1000)
#define COST_PRICE_PS_MAX     UINT64_C(1000000000000) /* one second a unit: more is a mistake */
#define COST_COLD_PS_MAX      UINT64_C(1000000000)    /* times 2^32 circuits it fits in 64 bits */
#define COST_SMT_PERMILLE     1000u                   /* two hyperthreads as fast as two cores */
#define COST_SMT_PERMILLE_MAX 4000u
#define COST_WAKE_NS_MAX      UINT64_C(100000000) /* a tenth of a second: more is no wake */

/* Picoseconds for one unit of each kind of work, under the names of the work. */
struct cost_prices {
#define X(name) uint64_t name;
    WORK_LIST(X)
#undef X
};

struct cost_table {
    struct cost_prices ps;
    uint64_t circuit_cold_ps; /* what a circuit switch costs more when the circuit's keys are in no cache */
    uint32_t halves_hot;      /* so many active circuit halves stay in the caches */
    uint64_t
        cell_cold_ps; /* what a cell costs more each time that it waits, when those that wait leave the near caches */
    uint64_t edge_cold_ps; /* the same of a byte of an exit stream */
    uint32_t queues_hot;   /* so many cells that wait stay there */
    uint32_t
        smt_permille; /* how much longer work takes while both sibling hyperthreads are always busy (des/cores.h) */
    uint32_t wake_delay_ns; /* from being woken until a sleeping thread runs: time, but nobody's work */
    uint32_t
        softirq_permille; /* of the price of sockets, what the kernel does beside the thread, on the cores that
                                  the network's interrupts go to */
    bool calibrated; /* fitted on the machine that it names; otherwise each output must say that it is not */
};

/* Price the work at full speed. Of n active halves, a share of 1 - halves_hot / n is taken to be cold, and of the cells a
 * share of 1 - queues_hot / n, when n of them wait. A cell waits once it is received, and once more when it crosses to
 * another thread; what streams bring and take waits with the cells. */
MUST_USE uint64_t cost_work_ps(const struct cost_table *table, const struct work *delta,
                               const struct working_set *working_set);

/* The part of that for calls and bytes of sockets: what the kernel may do elsewhere. */
MUST_USE uint64_t cost_socket_ps(const struct cost_table *table, const struct work *delta);

/* How long that takes: rounded up. */
MUST_USE nsec cost_duration(uint64_t price_ps);

/* How long the work takes at full speed. */
MUST_USE nsec cost_price(const struct cost_table *table, const struct work *delta,
                         const struct working_set *working_set);

#endif
