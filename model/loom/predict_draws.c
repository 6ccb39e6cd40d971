/* What a prediction is worth: the same relay with prices drawn from their intervals, again and again. */
#include <stdlib.h>

#include "base/rng.h"
#include "cost/price_draw.h"
#include "loom/predict.h"

#define LOW_PERCENT  5u
#define HIGH_PERCENT 95u

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct predict_interval interval_of(double *values, uint32_t n) {
    qsort(values, n, sizeof(*values), compare);
    return (struct predict_interval){values[(n - 1) * LOW_PERCENT / 100],
                                     values[(n - 1) * HIGH_PERCENT / 100]};
}

static bool draw_all(const struct predict_options *o, const struct predict_machine *machine, uint16_t threads,
                     double *cells, double *costs, struct mistake *mistake) {
    struct predict_machine drawn = *machine;
    struct rng rng;
    rng_seed(&rng, o->seed);
    for (uint64_t i = 0; i < o->draws; i++) {
        struct predict_row row;
        price_draw(&machine->profile, &rng, &drawn.profile.value);
        if (!predict_row_make(o, &drawn, threads, &row, mistake))
            return false;
        cells[i] = predict_cells_per_s(&row);
        costs[i] = predict_cpu_ns_per_cell(&row);
    }
    return true;
}

bool predict_row_draw(const struct predict_options *o, const struct predict_machine *machine,
                      struct predict_row *row, struct mistake *mistake) {
    uint32_t n = (uint32_t)o->draws;
    double *cells = calloc(n, sizeof(*cells)), *costs = calloc(n, sizeof(*costs));
    bool ok = cells && costs
                  ? draw_all(o, machine, row->threads, cells, costs, mistake)
                  : mistake_at(mistake, machine->profile.name, 0, NULL, "no memory for so many draws");
    if (ok) {
        row->cells_per_s = interval_of(cells, n);
        row->cpu_ns_per_cell = interval_of(costs, n);
        row->has_interval = true;
    }
    free(cells);
    free(costs);
    return ok;
}
