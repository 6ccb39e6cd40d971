#include "sim/sim_paths.h"

#include "base/check.h"
#include "traffic/draw.h"

#define ONE       ((int64_t)SIM_WEIGHT_ONE)
#define DRAWS_MAX 64u /* before the excluded are taken out one by one */

/* --- weights: dir-spec 3.8.3; G, M, E, D are its letters ------------------------------------------------------------ */

/* Weights as the case leaves them: a relay of both kinds is shared among the three positions. */
struct shares {
    int64_t gg, ee;     /* what guards keep for guarding, exits for exiting */
    int64_t gd, ed, md; /* of relays that are both */
};

static int64_t clamp(int64_t weight) {
    return weight < 0 ? 0 : weight > ONE ? ONE : weight;
}

static int64_t ratio(int64_t part, int64_t whole) {
    return whole > 0 ? clamp(part * ONE / whole) : 0; /* fits: weights have 32 bits, relays 16 */
}

/* Case 1: neither guards nor exits are scarce. */
static struct shares none_scarce(int64_t g, int64_t m, int64_t e) {
    struct shares s = {.gd = ONE / 3, .ed = ONE / 3, .md = ONE / 3};
    s.ee = ratio(e + g + m, 3 * e);
    s.gg = ONE - ratio(2 * g - e - m, 3 * g);
    return s;
}

/* Case 2: both are. */
static struct shares both_scarce(int64_t g, int64_t m, int64_t e, int64_t d) {
    int64_t rare = e < g ? e : g, frequent = e < g ? g : e;
    struct shares s = {.gg = ONE, .ee = ONE};
    if (rare + d < frequent) {
        s.ed = e < g ? ONE : 0;
        s.gd = ONE - s.ed;
        return s;
    }
    s.ed = ratio(d - 2 * e + g + m, 3 * d);
    s.md = ratio(d - 2 * m + g + e, 3 * d);
    s.md = s.md > ONE - s.ed ? ONE - s.ed : s.md;
    s.gd = ONE - s.ed - s.md;
    return s;
}

/* Case 3: one of them is; first the shares of the scarce kind, then those of the other. */
static struct shares guards_scarce(int64_t total, int64_t g, int64_t m, int64_t e, int64_t d) {
    struct shares s = {.gg = ONE};
    if (g + d < total / 3) {
        s.gd = ONE;
        s.ee = ONE - (e < m ? 0 : ratio(e - m, 2 * e));
        return s;
    }
    s.gd = ratio(d - 2 * g + e + m, 3 * d);
    s.md = s.ed = (ONE - s.gd) / 2;
    s.ee = ratio(e + m, 2 * e);
    return s;
}

static struct shares exits_scarce(int64_t total, int64_t g, int64_t m, int64_t e, int64_t d) {
    struct shares s = {.ee = ONE};
    if (e + d < total / 3) {
        s.ed = ONE;
        s.gg = ONE - (g < m ? 0 : ratio(g - m, 2 * g));
        return s;
    }
    s.ed = ratio(d - 2 * e + g + m, 3 * d);
    s.md = s.gd = (ONE - s.ed) / 2;
    s.gg = ratio(g + m, 2 * g);
    return s;
}

struct sim_weights sim_weights_of(uint64_t guards, uint64_t middles, uint64_t exits, uint64_t both) {
    int64_t g = (int64_t)guards, m = (int64_t)middles, e = (int64_t)exits, d = (int64_t)both;
    int64_t total = g + m + e + d;
    struct shares s;
    if (e >= total / 3 && g >= total / 3)
        s = none_scarce(g, m, e);
    else if (e < total / 3 && g < total / 3)
        s = both_scarce(g, m, e, d);
    else
        s = g < e ? guards_scarce(total, g, m, e, d) : exits_scarce(total, g, m, e, d);
    return (struct sim_weights){.guard_guard = (uint32_t)s.gg,
                                .guard_both = (uint32_t)s.gd,
                                .middle_guard = (uint32_t)(ONE - s.gg),
                                .middle_exit = (uint32_t)(ONE - s.ee),
                                .middle_both = (uint32_t)s.md,
                                .middle_middle = (uint32_t)ONE,
                                .exit_exit = (uint32_t)s.ee,
                                .exit_both = (uint32_t)s.ed};
}

/* --- choices --------------------------------------------------------------------------------------------------------- */

enum kind { MIDDLE, GUARD, EXIT, BOTH };

static enum kind kind_of(const struct sim_relay_config *relay) {
    return (relay->flags & SIM_GUARD ? GUARD : 0) | (relay->flags & SIM_EXIT ? EXIT : 0);
}

static uint32_t weight_at(const struct sim_weights *weights, enum sim_position position,
                          const struct sim_relay_config *relay) {
    const uint32_t table[SIM_HOPS][4] = {
        {0, weights->guard_guard, 0, weights->guard_both},
        {weights->middle_middle, weights->middle_guard, weights->middle_exit, weights->middle_both},
        {0, 0, weights->exit_exit, weights->exit_both},
    };
    uint32_t needed = position == SIM_POSITION_GUARD ? SIM_FAST | SIM_STABLE : SIM_FAST;
    return (relay->flags & needed) == needed ? table[position][kind_of(relay)] : 0;
}

static struct sim_weights weigh(const struct sim_relay_config *relays, uint32_t count) {
    uint64_t totals[4] = {0};
    for (uint32_t i = 0; i < count; i++)
        totals[kind_of(&relays[i])] += relays[i].weight;
    return sim_weights_of(totals[GUARD], totals[MIDDLE], totals[EXIT], totals[BOTH]);
}

static bool choice_init(struct sim_choice *choice, const struct memory *memory,
                        const struct sim_weights *weights, enum sim_position position,
                        const struct sim_relay_config *relays, uint32_t count) {
    uint64_t sum = 0;
    *choice = (struct sim_choice){.room = count};
    choice->relays = memory_allocate(memory, count * sizeof(*choice->relays));
    choice->cumulative = memory_allocate(memory, count * sizeof(*choice->cumulative));
    if (!choice->relays || !choice->cumulative)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t weight = relays[i].weight * weight_at(weights, position, &relays[i]);
        if (weight == 0)
            continue;
        choice->relays[choice->count] = i;
        choice->cumulative[choice->count++] = sum += weight;
    }
    return true;
}

bool sim_paths_init(struct sim_paths *paths, const struct memory *memory,
                    const struct sim_relay_config *relays, uint32_t count) {
    paths->weights = weigh(relays, count);
    bool made = true;
    for (unsigned i = 0; i < SIM_HOPS; i++)
        made =
            choice_init(&paths->positions[i], memory, &paths->weights, (enum sim_position)i, relays, count) &&
            made;
    return made;
}

void sim_paths_fini(struct sim_paths *paths, const struct memory *memory) {
    for (unsigned i = 0; i < SIM_HOPS; i++) {
        struct sim_choice *choice = &paths->positions[i];
        memory_release(memory, choice->relays, choice->room * sizeof(*choice->relays));
        memory_release(memory, choice->cumulative, choice->room * sizeof(*choice->cumulative));
        *choice = (struct sim_choice){0};
    }
}

static bool is_among(uint32_t relay, const uint32_t *excluded, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (excluded[i] == relay)
            return true;
    return false;
}

static uint64_t weight_of(const struct sim_choice *choice, uint32_t place) {
    return choice->cumulative[place] - (place > 0 ? choice->cumulative[place - 1] : 0);
}

/* The same draw by walking over all that are not excluded. */
static uint32_t draw_slowly(const struct sim_choice *choice, struct rng *rng, const uint32_t *excluded,
                            uint32_t excluded_count) {
    uint64_t total = 0, sum = 0;
    for (uint32_t i = 0; i < choice->count; i++)
        total += is_among(choice->relays[i], excluded, excluded_count) ? 0 : weight_of(choice, i);
    uint64_t drawn = total > 0 ? rng_below(rng, total) : 0;
    for (uint32_t i = 0; i < choice->count; i++) {
        sum += is_among(choice->relays[i], excluded, excluded_count) ? 0 : weight_of(choice, i);
        if (sum > drawn)
            return choice->relays[i];
    }
    return SIM_NO_RELAY;
}

uint32_t sim_paths_draw(const struct sim_paths *paths, struct rng *rng, enum sim_position position,
                        const uint32_t *excluded, uint32_t excluded_count) {
    const struct sim_choice *choice = &paths->positions[position];
    if (choice->count == 0)
        return SIM_NO_RELAY;
    for (unsigned i = 0; i < DRAWS_MAX; i++) {
        uint32_t relay = choice->relays[draw_weighted(rng, choice->cumulative, choice->count)];
        if (!is_among(relay, excluded, excluded_count))
            return relay;
    }
    return draw_slowly(choice, rng, excluded, excluded_count);
}
