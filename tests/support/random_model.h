/* random_model - hosts that send each other random messages and keep a hash of all they have seen: what the engine's
 * tests compare between partitions, windows and threads. Header only; for tests. */
#ifndef LOOM_SUPPORT_RANDOM_MODEL_H
#define LOOM_SUPPORT_RANDOM_MODEL_H

#include "base/check.h"
#include "des/engine.h"

#define RANDOM_MODEL_HOSTS   60u
#define RANDOM_MODEL_LATENCY (5 * NSEC_PER_MS) /* the least; it makes windows */

struct random_model_host {
    uint64_t hash; /* of time, source and content of each event, in the order seen */
    uint32_t seen;
};

struct random_model {
    struct random_model_host hosts[RANDOM_MODEL_HOSTS];
    event_kind timer;
    event_kind message;
};

struct random_model_letter {
    uint64_t content;
    host_id from;
};

static inline void random_model_note(struct host *host, uint64_t word) {
    struct random_model *model = host_user(host);
    struct random_model_host *own = &model->hosts[host_number(host)];
    own->hash = (own->hash ^ word) * UINT64_C(0x100000001b3);
    own->hash ^= own->hash >> 29;
}

/* Half of all times are multiples of a millisecond, so that many events coincide. */
static inline nsec random_model_delay(struct host *host, nsec least) {
    nsec delay = least + rng_below(host_rng(host), 20 * NSEC_PER_MS);
    return rng_below(host_rng(host), 2) ? (delay / NSEC_PER_MS + 1) * NSEC_PER_MS : delay;
}

static inline void random_model_act(struct host *host, nsec now) {
    struct random_model *model = host_user(host);
    struct rng *rng = host_rng(host);
    if (model->hosts[host_number(host)].seen++ > 2000)
        return;
    uint64_t letters = rng_below(rng, 3);
    for (uint64_t i = 0; i < letters; i++) {
        host_id to =
            (host_number(host) + 1 + (host_id)rng_below(rng, RANDOM_MODEL_HOSTS - 1)) % RANDOM_MODEL_HOSTS;
        struct random_model_letter *letter = host_take(host);
        if (!letter)
            return;
        *letter = (struct random_model_letter){.content = rng_u64(rng), .from = host_number(host)};
        host_send(host, to, now + random_model_delay(host, RANDOM_MODEL_LATENCY), model->message, 7, letter);
    }
    if (letters == 0)
        host_at(host, now + random_model_delay(host, 0), model->timer, 1, NULL);
}

static inline void random_model_timer(struct host *host, nsec now, uint32_t arg, void *object) {
    CHECK(object == NULL);
    random_model_note(host, now + arg);
    random_model_act(host, now);
}

static inline void random_model_message(struct host *host, nsec now, uint32_t arg, void *object) {
    struct random_model_letter *letter = object;
    random_model_note(host, now + arg);
    random_model_note(host, letter->content ^ letter->from);
    host_put(host, letter);
    random_model_act(host, now);
}

/* Sets up a fresh model; NULL without memory. */
static inline struct engine *random_model_new(struct random_model *model, const struct memory *memory,
                                              uint32_t partitions, nsec lookahead, uint64_t seed) {
    *model = (struct random_model){.timer = 0};
    struct engine *engine = engine_new(&(struct engine_config){
        .memory = memory,
        .hosts = RANDOM_MODEL_HOSTS,
        .partitions = partitions,
        .lookahead_within = lookahead,
        .lookahead_across = RANDOM_MODEL_LATENCY,
        .seed = seed,
        .object_size = sizeof(struct random_model_letter),
    });
    if (!engine)
        return NULL;
    model->timer = engine_add_kind(engine, random_model_timer);
    model->message = engine_add_kind(engine, random_model_message);
    for (host_id id = 0; id < RANDOM_MODEL_HOSTS; id++) {
        struct host *host = engine_host(engine, id);
        host_set_user(host, model);
        host_at(host, id % 3, model->timer, 0, NULL);
    }
    return engine;
}

static inline bool random_model_same(const struct random_model *a, const struct random_model *b) {
    for (unsigned i = 0; i < RANDOM_MODEL_HOSTS; i++)
        if (a->hosts[i].hash != b->hosts[i].hash || a->hosts[i].seen != b->hosts[i].seen)
            return false;
    return true;
}

#endif
