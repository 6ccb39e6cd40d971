#include "traffic/packet_walk.h"

void packet_walk_begin(struct packet_walk *w, const struct markov_model *model, uint64_t seed,
                       bool is_server) {
    *w = (struct packet_walk){.is_server = is_server};
    markov_walk_begin(&w->walk, model, seed);
}

uint32_t packet_walk_next(struct packet_walk *w, nsec now) {
    const enum markov_observation own = w->is_server ? MARKOV_TO_ORIGIN : MARKOV_TO_SERVER;
    uint32_t burst = 0;
    nsec wait = 0;
    if (now < w->resume_at)
        return 0;
    for (unsigned i = 0; i < PACKET_STEPS_MAX && burst < PACKET_BURST_BYTES; i++) {
        nsec delay;
        enum markov_observation seen = markov_walk_next(&w->walk, &delay);
        if (seen == MARKOV_END)
            return burst;
        if (seen == own)
            burst += PACKET_BYTES;
        else
            w->expected += PACKET_BYTES;
        wait = seen == own ? delay : wait + delay;
        if (wait > PACKET_WAIT_LEAST) {
            w->resume_at = now + wait;
            return burst;
        }
    }
    if (burst == 0)
        w->resume_at = now + PACKET_WAIT_LEAST;
    return burst;
}
