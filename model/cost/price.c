#include "cost/price.h"

#include "base/check.h"

static uint64_t add(uint64_t a, uint64_t b) {
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static uint64_t multiply(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* value * numerator / denominator, rounded down, exact whenever the result fits. Two steps, as 128-bit division is a
 * call out of the core; numerator and denominator are far below 2^32. */
static uint64_t scale(uint64_t value, uint64_t numerator, uint64_t denominator) {
    uint64_t whole = multiply(value / denominator, numerator);
    return add(whole, value % denominator * numerator / denominator);
}

/* Of a price that only what is cold has, the share of n active halves beyond those that stay hot. */
static uint64_t cold_ps(uint64_t ps, uint32_t halves_active, uint32_t hot) {
    CHECK(ps <= COST_COLD_PS_MAX);
    return halves_active <= hot ? 0 : ps * (halves_active - hot) / halves_active;
}

uint64_t cost_work_ps(const struct cost_table *table, const struct work *delta,
                      const struct working_set *working_set) {
    uint32_t active = working_set->halves_active;
    uint64_t sum =
        multiply(delta->circuit_switches, cold_ps(table->circuit_cold_ps, active, table->halves_hot));
    sum = add(sum, multiply(add(delta->cells_received, delta->cells_crossed),
                            cold_ps(table->cell_cold_ps, active, table->queues_hot)));
#define X(name) sum = add(sum, multiply(delta->name, table->ps.name));
    WORK_LIST(X)
#undef X
    return sum;
}

uint64_t cost_socket_ps(const struct cost_table *table, const struct work *delta) {
    uint64_t sum = multiply(delta->reads, table->ps.reads);
    sum = add(sum, multiply(delta->writes, table->ps.writes));
    sum = add(sum, multiply(delta->tls_bytes_read, table->ps.tls_bytes_read));
    sum = add(sum, multiply(delta->tls_bytes_written, table->ps.tls_bytes_written));
    sum = add(sum, multiply(delta->edge_bytes_in, table->ps.edge_bytes_in));
    return add(sum, multiply(delta->edge_bytes_out, table->ps.edge_bytes_out));
}

/* While the sibling is busy, a picosecond of work takes smt_permille / 1000: overlap_ps of time do that much less. */
static uint64_t stretch(uint64_t work_ps, uint64_t overlap_ps, uint32_t smt_permille) {
    uint64_t done_ps = scale(overlap_ps, COST_SMT_PERMILLE, smt_permille);
    if (done_ps >= work_ps)
        return scale(work_ps, smt_permille, COST_SMT_PERMILLE);
    return add(overlap_ps, work_ps - done_ps);
}

nsec cost_price(const struct cost_table *table, const struct work *delta,
                const struct working_set *working_set, nsec now, nsec sibling_busy_until) {
    CHECK(table->smt_permille >= COST_SMT_PERMILLE);
    CHECK(table->smt_permille <= COST_SMT_PERMILLE_MAX);
    uint64_t time_ps = cost_work_ps(table, delta, working_set);
    if (sibling_busy_until > now)
        time_ps = stretch(time_ps, multiply(sibling_busy_until - now, COST_PS_PER_NS), table->smt_permille);
    return time_ps / COST_PS_PER_NS + (time_ps % COST_PS_PER_NS != 0);
}
