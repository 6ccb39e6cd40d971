/* fair_shares - a limited number of places that nobody can use up: who asks gets one only while he has fewer than are free.
 *
 * The law: with n takers who want all that they can get, each comes to have places / (n + 1) and as many stay free, so who comes
 * next always finds some. One alone gets half of them.
 * Owner and thread: one. Bound: an entry for each taker who has a place. */
#ifndef LOOM_NATIVE_FAIR_SHARES_H
#define LOOM_NATIVE_FAIR_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/table.h"

struct fair_shares {
    struct table taken_by; /* who -> how many places */
    uint32_t places, taken;
};

void fair_shares_init(struct fair_shares *shares, uint32_t places);
/* All places have been given back. */
void fair_shares_fini(struct fair_shares *shares);
/* A place for who; false: he has as many as are free. */
MUST_USE bool fair_shares_take(struct fair_shares *shares, uint64_t who);
void fair_shares_give_back(struct fair_shares *shares, uint64_t who);

#endif
