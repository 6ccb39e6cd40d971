#include "sim/scenario_hardware.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cost/behaviour.h"

#define BYTES_PER_MBIT UINT64_C(125000)
#define CLASSES_MAX    64u
#define CELL_BYTES     UINT64_C(514)
#define BURST_CELLS    512u          /* 64 full records of tor's 4 kB, and no more than the last one short */
#define FASTEST        UINT64_C(100) /* permille */

uint64_t scenario_line_rate(enum scenario_line_rate rule, uint64_t capacity) {
    static const uint64_t lines_mbit[] = {100, 1000, 10000, 100000};
    for (size_t i = 0; rule == SCENARIO_LINE_NEXT && i < sizeof(lines_mbit) / sizeof(lines_mbit[0]); i++)
        if (lines_mbit[i] * BYTES_PER_MBIT >= capacity)
            return lines_mbit[i] * BYTES_PER_MBIT;
    return capacity ? capacity : 1;
}

struct ranked {
    uint64_t capacity;
    uint32_t index;
};

static int by_capacity(const void *a, const void *b) {
    const struct ranked *x = a;
    const struct ranked *y = b;
    if (x->capacity != y->capacity)
        return x->capacity < y->capacity ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static bool is_for(const struct scenario_class *class, uint64_t capacity) {
    return capacity >= class->capacity_mbit_least * BYTES_PER_MBIT &&
           capacity < class->capacity_mbit_most * BYTES_PER_MBIT;
}

/* What each class has been owed so far, and has got, in units of the sum of shares at the time. */
struct accounts {
    const struct scenario_class *classes;
    uint32_t n;
    int64_t owed_ppm[CLASSES_MAX];
};

static bool choose(struct accounts *a, uint64_t capacity, uint16_t *out) {
    uint64_t shares = 0;
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < a->n; i++)
        shares += is_for(&a->classes[i], capacity) ? a->classes[i].share : 0;
    for (uint32_t i = 0; i < a->n; i++) {
        if (!is_for(&a->classes[i], capacity))
            continue;
        a->owed_ppm[i] += (int64_t)(a->classes[i].share * 1000000 / shares);
        if (best == UINT32_MAX || a->owed_ppm[i] > a->owed_ppm[best])
            best = i;
    }
    if (best == UINT32_MAX)
        return false;
    a->owed_ppm[best] -= 1000000;
    *out = (uint16_t)best;
    return true;
}

static bool assign(const struct scenario_hardware *hardware, const struct ranked *ranked, uint32_t n,
                   uint16_t *class_out, struct mistake *mistake) {
    struct accounts accounts = {.classes = hardware->classes.items, .n = hardware->classes.n};
    for (uint32_t i = 0; i < n; i++)
        if (!choose(&accounts, ranked[i].capacity, &class_out[ranked[i].index]))
            return record_mistake(hardware->at, "classes", mistake,
                                  "expected a class for each capacity, found none for %" PRIu64 " Mbit/s",
                                  ranked[i].capacity / BYTES_PER_MBIT);
    return true;
}

bool scenario_hardware_assign(const struct scenario_hardware *hardware, const struct relay_table *table,
                              const uint32_t *rows, uint32_t n, uint16_t *class_out,
                              struct mistake *mistake) {
    struct ranked *ranked = calloc((size_t)n + 1, sizeof(*ranked));
    if (!ranked)
        return record_mistake(hardware->at, "classes", mistake, "no memory for it");
    for (uint32_t i = 0; i < n; i++)
        ranked[i] = (struct ranked){table->rows[rows[i]].capacity, i};
    qsort(ranked, n, sizeof(*ranked), by_capacity);
    bool ok = assign(hardware, ranked, n, class_out, mistake);
    free(ranked);
    return ok;
}

uint64_t scenario_tor_rate(const struct cost_table *tor) {
    const struct cost_behaviour *behaviour = &cost_behaviour_tor;
    const struct working_set nothing = {.links = 0};
    struct work work = {.cells_received = BURST_CELLS,
                        .cells_sent = BURST_CELLS,
                        .aes_bytes = UINT64_C(509) * BURST_CELLS,
                        .crypt_runs = 1,
                        .circuit_switches = 1,
                        .scheduler_picks = 1};
    uint64_t records = cost_behaviour_records(behaviour, CELL_BYTES * BURST_CELLS);
    cost_behaviour_receive(behaviour, LINK_AES256, records, CELL_BYTES * BURST_CELLS, &work);
    cost_behaviour_send(behaviour, LINK_AES256, records, CELL_BYTES * BURST_CELLS, &work);
    cost_behaviour_correct(behaviour, &work);
    nsec took = cost_price(tor, &work, &nothing);
    return took ? CELL_BYTES * BURST_CELLS * NSEC_PER_S / took : UINT64_MAX;
}

uint64_t scenario_slowness(const struct scenario_class *class, uint64_t tor_rate, uint64_t capacity) {
    uint64_t wanted_kb = capacity / 100 * class->capacity_percent / 1000;
    uint64_t slowness = class->slower_permille;
    if (wanted_kb && tor_rate / wanted_kb < slowness)
        slowness = tor_rate / wanted_kb;
    return slowness > FASTEST ? slowness : FASTEST;
}
