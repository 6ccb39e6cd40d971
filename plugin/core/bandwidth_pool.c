#include "core/bandwidth_pool.h"

#include "base/check.h"

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

bool bandwidth_pool_init(struct bandwidth_pool *pool, const struct memory *memory, nsec now,
                         const struct bandwidth_terms *terms) {
    *pool = (struct bandwidth_pool){.memory = memory, .terms = *terms, .next_at = NSEC_NEVER};
    if (!terms->is_lent)
        return true;
    token_bucket_init(&pool->bucket, now, terms->rate, terms->burst);
    pool->borrowers = memory_allocate(memory, terms->managers * sizeof *pool->borrowers);
    for (uint16_t i = 0; pool->borrowers && i < terms->managers; i++)
        pool->borrowers[i].lent = terms->keep;
    pool->lent = terms->managers * terms->keep;
    return pool->borrowers != NULL;
}

void bandwidth_pool_fini(struct bandwidth_pool *pool) {
    if (pool->borrowers)
        memory_release(pool->memory, pool->borrowers, pool->terms.managers * sizeof *pool->borrowers);
    pool->borrowers = NULL;
}

static uint64_t free_now(struct bandwidth_pool *pool, nsec now) {
    uint64_t level = token_bucket_available(&pool->bucket, now);
    CHECK(level >= pool->lent);
    return level - pool->lent;
}

/* Once for all that want something, when there is enough; otherwise when the tick is over and there is a piece. */
static void plan(struct bandwidth_pool *pool, nsec now) {
    uint64_t sum = 0, least = UINT64_MAX;
    for (uint16_t i = 0; i < pool->terms.managers; i++) {
        uint64_t want = pool->borrowers[i].want;
        sum += want;
        least = want ? smaller(want, least) : least;
    }
    uint64_t piece = smaller(least, pool->terms.piece);
    if (sum == 0)
        pool->next_at = NSEC_NEVER;
    else if (sum <= free_now(pool, now))
        pool->next_at = now;
    else
        pool->next_at = nsec_max(pool->divided_at + BANDWIDTH_TICK,
                                 token_bucket_ready_at(&pool->bucket, now, pool->lent + piece));
}

void bandwidth_pool_report(struct bandwidth_pool *pool, nsec now, uint16_t i, uint64_t sent,
                           uint64_t returned, uint64_t want) {
    CHECK(pool->borrowers);
    CHECK(i < pool->terms.managers);
    struct bandwidth_borrower *borrower = &pool->borrowers[i];
    CHECK(sent + returned <= borrower->lent);
    borrower->lent -= sent + returned;
    borrower->want = want;
    pool->lent -= sent + returned;
    token_bucket_take(&pool->bucket, now, sent);
    plan(pool, now);
}

nsec bandwidth_pool_next(const struct bandwidth_pool *pool) {
    return pool->next_at;
}

/* --- dividing ---------------------------------------------------------------------------------------------------- */

/* As much of bytes as it wants; returns that. */
static uint64_t lend(struct bandwidth_pool *pool, struct bandwidth_borrower *borrower, uint64_t bytes) {
    bytes = smaller(bytes, borrower->want);
    borrower->want -= bytes;
    borrower->loan += bytes;
    borrower->lent += bytes;
    pool->lent += bytes;
    return bytes;
}

/* Lend all that want no more than share all that they want; returns how many want more. */
static uint16_t lend_small(struct bandwidth_pool *pool, uint64_t share, uint64_t *left) {
    uint16_t wanting = 0;
    for (uint16_t i = 0; i < pool->terms.managers; i++) {
        struct bandwidth_borrower *borrower = &pool->borrowers[i];
        if (borrower->want <= share)
            *left -= lend(pool, borrower, share);
        else
            wanting++;
    }
    return wanting;
}

/* Equal shares; what one does not want goes to the others. Returns what is left when that is less than a piece for each that
 * still wants something. Each round but the last satisfies one at least. */
static uint64_t lend_shares(struct bandwidth_pool *pool, uint64_t left) {
    uint16_t wanting = lend_small(pool, 0, &left), before;
    do {
        if (wanting == 0 || left / wanting < pool->terms.piece)
            return left;
        before = wanting;
        wanting = lend_small(pool, left / wanting, &left);
    } while (wanting < before);
    uint64_t share = left / wanting;
    for (uint16_t i = 0; i < pool->terms.managers; i++)
        left -= lend(pool, &pool->borrowers[i], share);
    return left;
}

/* Too little for a piece each: in turn, as far as it goes. */
static void lend_pieces(struct bandwidth_pool *pool, uint64_t left) {
    uint16_t managers = pool->terms.managers, first = pool->turn;
    for (uint16_t n = 0; n < managers; n++) {
        uint16_t i = (uint16_t)((first + n) % managers);
        uint64_t piece = smaller(pool->borrowers[i].want, pool->terms.piece);
        if (piece > left)
            return;
        left -= lend(pool, &pool->borrowers[i], piece);
        pool->turn = (uint16_t)((i + 1) % managers);
    }
}

void bandwidth_pool_divide(struct bandwidth_pool *pool, nsec now) {
    CHECK(now >= pool->next_at);
    for (uint16_t i = 0; i < pool->terms.managers; i++)
        pool->borrowers[i].loan = 0;
    uint64_t left = lend_shares(pool, free_now(pool, now));
    if (lend_small(pool, 0, &left) > 0) {
        lend_pieces(pool, left);
        pool->divided_at = now;
    }
    plan(pool, now);
}

uint64_t bandwidth_pool_loan(const struct bandwidth_pool *pool, uint16_t i) {
    CHECK(i < pool->terms.managers);
    return pool->borrowers[i].loan;
}

void bandwidth_pool_take_back(struct bandwidth_pool *pool, nsec now, uint16_t i) {
    CHECK(i < pool->terms.managers);
    struct bandwidth_borrower *borrower = &pool->borrowers[i];
    borrower->want += borrower->loan;
    borrower->lent -= borrower->loan;
    pool->lent -= borrower->loan;
    borrower->loan = 0;
    pool->next_at = now + BANDWIDTH_TICK; /* memory does not come back at once */
}
