#include "sim/scenario_sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum relay_role relay_role_of(uint16_t flags) {
    bool is_exit = flags & RELAY_EXIT && !(flags & (RELAY_BAD_EXIT | RELAY_MIDDLE_ONLY));
    bool is_guard = flags & RELAY_GUARD && !(flags & RELAY_MIDDLE_ONLY);
    if (is_exit)
        return is_guard ? ROLE_EXIT_GUARD : ROLE_EXIT;
    return is_guard ? ROLE_GUARD : ROLE_MIDDLE;
}

const char *relay_role_name(enum relay_role role) {
    switch (role) {
    case ROLE_EXIT_GUARD: return "exitguard";
    case ROLE_EXIT: return "exit";
    case ROLE_GUARD: return "guard";
    case ROLE_MIDDLE: return "middle";
    }
    CHECK(false);
    return "";
}

struct weighted {
    uint32_t weight;
    uint32_t row;
};

/* Lightest first, as tornettools has them; equal ones in the order of the table. */
static int by_weight(const void *a, const void *b) {
    const struct weighted *x = a;
    const struct weighted *y = b;
    if (x->weight != y->weight)
        return x->weight < y->weight ? -1 : 1;
    return x->row < y->row ? -1 : 1;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static uint32_t bins_of(uint32_t relays, uint32_t scale_permille) {
    uint64_t bins = ((uint64_t)relays * scale_permille + 500) / 1000;
    return relays && !bins ? 1 : (uint32_t)bins;
}

/* The first n % bins runs are one longer, as numpy.array_split cuts them. */
static void take_medians(const struct weighted *relays, uint32_t n, uint32_t bins,
                         struct scenario_sample *out) {
    uint32_t begin = 0;
    for (uint32_t bin = 0; bin < bins; bin++) {
        uint32_t length = n / bins + (bin < n % bins);
        out->rows[out->count++] = relays[begin + length / 2].row;
        begin += length;
    }
    CHECK(begin == n || bins == 0);
}

static void take_role(const struct relay_table *table, enum relay_role role, uint32_t scale_permille,
                      struct weighted *scratch, struct scenario_sample *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < table->count; i++)
        if (relay_role_of(table->rows[i].flags) == role)
            scratch[n++] = (struct weighted){table->rows[i].weight, i};
    qsort(scratch, n, sizeof(*scratch), by_weight);
    take_medians(scratch, n, bins_of(n, scale_permille), out);
}

bool scenario_sample_take(const struct relay_table *table, uint32_t scale_permille,
                          struct scenario_sample *out) {
    struct weighted *scratch = calloc((size_t)table->count + 1, sizeof(*scratch));
    *out = (struct scenario_sample){0, calloc((size_t)table->count + 1, sizeof(uint32_t))};
    bool ok = scratch && out->rows;
    for (unsigned role = 0; ok && role < ROLE_COUNT; role++)
        take_role(table, (enum relay_role)role, scale_permille, scratch, out);
    free(scratch);
    if (!ok)
        scenario_sample_fini(out);
    else
        qsort(out->rows, out->count, sizeof(out->rows[0]), ascending);
    return ok;
}

void scenario_sample_fini(struct scenario_sample *sample) {
    free(sample->rows);
    *sample = (struct scenario_sample){0, NULL};
}
