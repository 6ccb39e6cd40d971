/* kist - what a link may write by what TCP says of it, and the division of a total among links (scheduler.h). */
#include "base/check.h"
#include "core/scheduler.h"

uint64_t kist_limit(const struct tcp_facts *facts) {
    uint64_t window = (uint64_t)facts->cwnd * facts->mss;
    uint64_t now = facts->unacked < facts->cwnd ? (uint64_t)(facts->cwnd - facts->unacked) * facts->mss : 0;
    uint64_t more = facts->notsent < window ? window - facts->notsent : 0;
    return more <= UINT64_MAX - now ? now + more : UINT64_MAX;
}

/* --- division of a total among links --------------------------------------------------------------------------- */

static uint32_t smaller(uint64_t a, uint64_t b) {
    return (uint32_t)(a < b ? a : b);
}

/* Cells that are granted in so many whole rounds. */
static uint64_t granted_in_rounds(const struct sched_claim *claims, uint32_t count, uint64_t rounds,
                                  uint32_t quantum) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += smaller(claims[i].want, rounds * quantum);
    return sum;
}

/* The most whole rounds that total suffices for. It does not suffice for everything, so there is an upper bound. */
static uint64_t whole_rounds(const struct sched_claim *claims, uint32_t count, uint64_t total,
                             uint32_t quantum) {
    uint64_t low = 0;
    uint64_t high = UINT32_MAX / (uint64_t)quantum + 1; /* in so many, every claim has all it wants */
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (granted_in_rounds(claims, count, middle, quantum) <= total)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A heap of claims by their index, in their member order: the quietest at 0, ties to the lower index. */
static bool is_before(const struct sched_claim *claims, uint32_t a, uint32_t b) {
    if (claims[a].quietest != claims[b].quietest)
        return claims[a].quietest < claims[b].quietest;
    return a < b;
}

static void sink(struct sched_claim *claims, uint32_t count, uint32_t place) {
    uint32_t index = claims[place].order;
    for (;;) {
        uint64_t child = 2 * (uint64_t)place + 1;
        if (child >= count)
            break;
        if (child + 1 < count && is_before(claims, claims[child + 1].order, claims[child].order))
            child++;
        if (!is_before(claims, claims[child].order, index))
            break;
        claims[place].order = claims[child].order;
        place = (uint32_t)child;
    }
    claims[place].order = index;
}

/* One more round, quietest first, for as long as cells are left. */
static void last_round(struct sched_claim *claims, uint32_t count, uint64_t left, uint32_t quantum) {
    for (uint32_t i = 0; i < count; i++)
        claims[i].order = i;
    for (uint32_t i = count / 2; i > 0; i--)
        sink(claims, count, i - 1);
    while (left > 0 && count > 0) {
        struct sched_claim *claim = &claims[claims[0].order];
        uint32_t cells = smaller(smaller(claim->want - claim->granted, quantum), left);
        claim->granted += cells;
        left -= cells;
        count--;
        claims[0].order = claims[count].order;
        sink(claims, count, 0);
    }
}

void sched_divide(struct sched_claim *claims, uint32_t count, uint64_t total, uint32_t quantum) {
    CHECK(quantum > 0);
    uint64_t wanted = 0;
    for (uint32_t i = 0; i < count; i++) {
        claims[i].granted = claims[i].want;
        wanted += claims[i].want;
    }
    if (wanted <= total)
        return;
    uint64_t rounds = whole_rounds(claims, count, total, quantum);
    for (uint32_t i = 0; i < count; i++) {
        claims[i].granted = smaller(claims[i].want, rounds * quantum);
        total -= claims[i].granted;
    }
    last_round(claims, count, total, quantum);
}
