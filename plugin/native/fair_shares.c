#include "native/fair_shares.h"

#include <sys/random.h>

#include "base/check.h"
#include "native/heap.h"

void fair_shares_init(struct fair_shares *shares, uint32_t places) {
    uint64_t seed;
    CHECK(getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed);
    *shares = (struct fair_shares){.places = places};
    table_init(&shares->taken_by, &heap_memory, seed);
}

void fair_shares_fini(struct fair_shares *shares) {
    CHECK(shares->taken == 0);
    table_fini(&shares->taken_by);
}

/* The table's values are the numbers themselves. */
static uint32_t taken_by(const struct fair_shares *shares, uint64_t who) {
    return (uint32_t)(uintptr_t)table_get(&shares->taken_by, who);
}

bool fair_shares_take(struct fair_shares *shares, uint64_t who) {
    uint32_t own = taken_by(shares, who);
    if (own >= shares->places - shares->taken)
        return false;
    CHECK(table_set(&shares->taken_by, who, (void *)(uintptr_t)(own + 1)) ==
          ERR_OK); /* heap_memory has some, or ends us */
    shares->taken++;
    return true;
}

void fair_shares_give_back(struct fair_shares *shares, uint64_t who) {
    uint32_t own = taken_by(shares, who);
    CHECK(own > 0);
    shares->taken--;
    if (own == 1)
        (void)table_remove(&shares->taken_by, who);
    else
        CHECK(table_set(&shares->taken_by, who, (void *)(uintptr_t)(own - 1)) == ERR_OK);
}
