#include "core/bandwidth_terms.h"

#include "core/token_bucket.h"
#include "wire/cell.h"

#define RECORD ((uint64_t)CELLS_PER_RECORD * CELL_LEN)

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* All that managers keep, three times over (bandwidth_share.h), is at most three quarters of the burst: what is left is
 * always worth a piece. Where the burst is not small it is a sixteenth, so that a single manager has nearly all of it. */
struct bandwidth_terms bandwidth_terms_of(const struct relay_config *config) {
    uint16_t managers = config->connection_threads ? config->connection_threads : 1;
    uint64_t burst = larger(config->bandwidth_burst, RECORD);
    return (struct bandwidth_terms){
        .rate = config->bandwidth_rate,
        .burst = burst,
        .keep = larger(burst / 16 / managers, smaller(RECORD, burst / 4 / managers)),
        .piece = smaller(RECORD, burst / 4),
        .managers = managers,
        .is_lent = managers > 1 && config->bandwidth_rate <= TOKEN_RATE_MAX,
    };
}
