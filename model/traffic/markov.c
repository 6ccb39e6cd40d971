#include "traffic/markov.h"

#include "base/check.h"
#include "traffic/draw.h"

void markov_walk_begin(struct markov_walk *walk, const struct markov_model *model, uint64_t seed) {
    CHECK(model->start < model->count);
    *walk = (struct markov_walk){.model = model, .state = model->start};
    rng_seed(&walk->rng, seed);
}

/* mean + deviation * x */
static int64_t normal(const struct markov_delay *delay, struct rng *rng) {
    return delay->a + (int64_t)((__int128)delay->b * draw_normal(rng) >> 32);
}

static nsec at_most(uint64_t delay) {
    return delay < MARKOV_DELAY_MAX ? delay : MARKOV_DELAY_MAX;
}

nsec markov_delay_draw(const struct markov_delay *delay, struct rng *rng) {
    CHECK(delay->a >= 0 && delay->a <= MARKOV_PARAMETER_MAX);
    CHECK(delay->b >= 0 && delay->b <= MARKOV_PARAMETER_MAX);
    switch (delay->distribution) {
    case MARKOV_UNIFORM:
        CHECK(delay->a <= delay->b);
        return at_most((uint64_t)delay->a + rng_below(rng, (uint64_t)(delay->b - delay->a) + 1));
    case MARKOV_EXPONENTIAL: return at_most(draw_exponential(rng, (nsec)delay->a));
    case MARKOV_NORMAL: {
        int64_t drawn = normal(delay, rng);
        return drawn > 0 ? at_most((uint64_t)drawn) : 0;
    }
    case MARKOV_LOGNORMAL: return draw_power(normal(delay, rng), MARKOV_DELAY_MAX);
    }
    CHECK(!"a distribution");
    return 0;
}

static bool has_weight(const uint64_t *weights, uint32_t count) {
    return count > 0 && weights[count - 1] > 0;
}

static enum markov_observation end(struct markov_walk *walk) {
    walk->is_over = true;
    return MARKOV_END;
}

enum markov_observation markov_walk_next(struct markov_walk *walk, nsec *delay_out) {
    const struct markov_model *model = walk->model;
    const struct markov_state *from = &model->states[walk->state];
    *delay_out = 0;
    if (walk->is_over || !has_weight(from->next_weights, from->next_count))
        return end(walk);
    walk->state = from->next[draw_weighted(&walk->rng, from->next_weights, from->next_count)];
    CHECK(walk->state < model->count);
    const struct markov_state *at = &model->states[walk->state];
    if (!has_weight(at->emission_weights, at->emission_count))
        return end(walk);
    const struct markov_emission *emission =
        &at->emissions[draw_weighted(&walk->rng, at->emission_weights, at->emission_count)];
    if (emission->observation == MARKOV_END)
        return end(walk);
    *delay_out = markov_delay_draw(&emission->delay, &walk->rng);
    return emission->observation;
}
