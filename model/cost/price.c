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

/* Of a price that only what is cold has, the share of n things in use beyond those that stay hot. */
static uint64_t cold_ps(uint64_t ps, uint32_t in_use, uint32_t hot) {
    CHECK(ps <= COST_COLD_PS_MAX);
    return in_use <= hot ? 0 : ps * (in_use - hot) / in_use;
}

uint64_t cost_work_ps(const struct cost_table *table, const struct work *delta,
                      const struct working_set *working_set) {
    uint64_t sum = multiply(delta->circuit_switches,
                            cold_ps(table->circuit_cold_ps, working_set->halves_active, table->halves_hot));
    sum = add(sum, multiply(add(delta->cells_received, delta->cells_crossed),
                            cold_ps(table->cell_cold_ps, working_set->cells_waiting, table->queues_hot)));
    sum = add(sum, multiply(add(delta->edge_bytes_in, delta->edge_bytes_out),
                            cold_ps(table->edge_cold_ps, working_set->cells_waiting, table->queues_hot)));
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
    sum = add(sum, multiply(delta->edge_reads, table->ps.edge_reads));
    sum = add(sum, multiply(delta->edge_writes, table->ps.edge_writes));
    sum = add(sum, multiply(delta->edge_bytes_in, table->ps.edge_bytes_in));
    return add(sum, multiply(delta->edge_bytes_out, table->ps.edge_bytes_out));
}

nsec cost_duration(uint64_t price_ps) {
    return price_ps / COST_PS_PER_NS + (price_ps % COST_PS_PER_NS != 0);
}

nsec cost_price(const struct cost_table *table, const struct work *delta,
                const struct working_set *working_set) {
    return cost_duration(cost_work_ps(table, delta, working_set));
}
