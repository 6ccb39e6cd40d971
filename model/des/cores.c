#include "des/cores.h"

#include "base/check.h"

#define ALONE_PERMILLE 1000u

void cores_init(struct cores *cores, uint16_t physical, uint16_t threads_per_core, uint32_t smt_permille) {
    CHECK(physical > 0);
    CHECK(threads_per_core == 1 || threads_per_core == 2);
    CHECK((uint32_t)physical * threads_per_core <= CORES_LOGICAL_MAX);
    CHECK(smt_permille >= 1000 && smt_permille <= 2000);
    *cores = (struct cores){
        .physical = physical,
        .logical = (uint16_t)(physical * threads_per_core),
        .smt_permille = smt_permille,
    };
}

void core_thread_init(struct core_thread *thread, uint16_t pinned) {
    *thread = (struct core_thread){.pinned = pinned, .last = CORE_ANY};
}

/* Until when the other half of a physical core has work; 0 without SMT. */
static nsec sibling_free(const struct cores *cores, uint16_t core) {
    if (cores->logical == cores->physical)
        return 0;
    return cores->free[core < cores->physical ? core + cores->physical : core - cores->physical];
}

static nsec later(nsec a, nsec b) {
    return a > b ? a : b;
}

static uint16_t choose(const struct cores *cores, nsec ready) {
    uint16_t best = 0;
    nsec best_start = NSEC_NEVER;
    bool best_alone = false;
    for (uint16_t core = 0; core < cores->logical; core++) {
        nsec start = later(ready, cores->free[core]);
        bool alone = sibling_free(cores, core) <= start;
        if (start < best_start || (start == best_start && alone && !best_alone)) {
            best = core;
            best_start = start;
            best_alone = alone;
        }
    }
    return best;
}

/* Work beside a busy sibling gets (2000 - smt_permille) / smt_permille done in a unit of time. */
static nsec stretched_end(const struct cores *cores, nsec start, nsec price, nsec sibling_until) {
    if (sibling_until <= start || price == 0)
        return start + price;
    nsec overlap = sibling_until - start;
    const uint32_t rest = 2 * ALONE_PERMILLE - cores->smt_permille;
    CHECK(price < NSEC_NEVER / 2000);
    CHECK(overlap < NSEC_NEVER / 2000);
    nsec done = overlap * rest / cores->smt_permille;
    if (done < price)
        return sibling_until + (price - done);
    return start + (price * cores->smt_permille + rest - 1) / rest; /* done > 0, so rest is */
}

bool cores_can_run(const struct cores *cores, nsec now, const struct core_thread *thread) {
    if (thread->pinned != CORE_ANY)
        return cores->free[thread->pinned] <= now;
    for (uint16_t core = 0; core < cores->logical; core++)
        if (cores->free[core] <= now)
            return true;
    return false;
}

static void count_wait(struct cores_statistics *statistics, nsec waited) {
    unsigned bits = waited ? 64 - (unsigned)__builtin_clzll(waited) : 0;
    statistics->waits[bits < CORES_WAIT_BINS ? bits : CORES_WAIT_BINS - 1]++;
    statistics->waited += waited;
    statistics->waited_max = later(statistics->waited_max, waited);
}

struct core_slot cores_run(struct cores *cores, nsec now, struct core_thread *thread, nsec price) {
    nsec ready = later(now, thread->free);
    uint16_t core = thread->pinned == CORE_ANY ? choose(cores, ready) : thread->pinned;
    CHECK(core < cores->logical);
    nsec start = later(ready, cores->free[core]);
    nsec end = stretched_end(cores, start, price, sibling_free(cores, core));
    cores->free[core] = end;
    thread->free = end;
    thread->last = core;
    cores->statistics.pieces++;
    cores->statistics.busy += end - start;
    count_wait(&cores->statistics, start - ready);
    return (struct core_slot){.start = start, .end = end, .core = core};
}

nsec cores_wait_quantile(const struct cores_statistics *statistics, uint32_t permille) {
    CHECK(permille <= 1000);
    uint64_t seen = 0;
    for (unsigned bits = 0; bits < CORES_WAIT_BINS; bits++) {
        seen += statistics->waits[bits];
        if (seen * 1000 >= statistics->pieces * permille)
            return bits ? (UINT64_C(1) << bits) - 1 : 0;
    }
    return statistics->waited_max;
}
