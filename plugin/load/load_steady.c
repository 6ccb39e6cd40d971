#include "load/load_steady.h"

#include <event2/event.h>
#include <stdlib.h>

#include "load/load_connection.h"
#include "native/heap.h"
#include "native/turn_clock.h"

#define TICK    (5 * NSEC_PER_MS)
#define MAKE_UP (100 * NSEC_PER_MS)
#define MARKS   64u /* cells whose age is watched, each a tick and more behind the last */

/* Cell number `sent` of a lane was written then. */
struct mark {
    uint64_t sent;
    nsec at;
};

/* One direction of a way. */
struct stretch {
    struct load_lane *from, *to;
    struct mark marks[MARKS]; /* a ring */
    uint32_t first, count;
};

struct load_steady {
    struct load_flow *flow;
    struct stretch *stretches;
    uint32_t count;
    uint64_t cells_per_s; /* of one stretch */
    uint64_t owed_ns;     /* time whose cells have not been written yet, of all alike */
    nsec told_at, oldest;
};

struct load_steady *load_steady_new(struct load_flow *flow, uint32_t cells_per_s) {
    struct load_steady *steady = heap_new(sizeof *steady);
    uint32_t share = cells_per_s / flow->ways;
    *steady = (struct load_steady){
        .flow = flow, .count = 2 * flow->ways, .cells_per_s = share ? share : 1, .told_at = monotonic_read()};
    steady->stretches = heap_new(steady->count * sizeof *steady->stretches);
    for (uint32_t i = 0; i < flow->ways; i++) {
        steady->stretches[2 * i] = (struct stretch){.from = flow->in[i], .to = flow->out[i]};
        steady->stretches[2 * i + 1] = (struct stretch){.from = flow->out[i], .to = flow->in[i]};
    }
    return steady;
}

void load_steady_free(struct load_steady *steady) {
    if (!steady)
        return;
    free(steady->stretches);
    free(steady);
}

static nsec age(struct stretch *s, nsec now) {
    while (s->count > 0 && s->marks[s->first].sent <= s->to->received) {
        s->first = (s->first + 1) % MARKS;
        s->count--;
    }
    return s->count > 0 ? now - s->marks[s->first].at : 0;
}

static void put_mark(struct stretch *s, nsec now) {
    if (s->count < MARKS)
        s->marks[(s->first + s->count++) % MARKS] = (struct mark){s->from->sent, now};
}

static void press(const struct load_steady *steady, struct stretch *s, uint32_t cells, nsec now) {
    uint64_t under_way = s->from->sent - s->to->received;
    uint64_t room = under_way < LOAD_STEADY_WINDOW ? LOAD_STEADY_WINDOW - under_way : 0;
    if (load_lane_write(s->from, steady->flow->shape, cells < room ? cells : (uint32_t)room) > 0)
        put_mark(s, now);
}

static void wait_for(struct event_base *base, nsec length) {
    struct timeval time = {0, (suseconds_t)(length / NSEC_PER_US)};
    event_base_loopexit(base, &time);
    event_base_dispatch(base);
}

void load_steady_run(struct load_steady *steady, nsec until, struct load_steady_count *out) {
    nsec now;
    steady->oldest = 0;
    while ((now = monotonic_read()) < until) {
        uint64_t owed_ns = steady->owed_ns + (now - steady->told_at);
        if (owed_ns > MAKE_UP)
            owed_ns = MAKE_UP;
        uint64_t cells = owed_ns * steady->cells_per_s / NSEC_PER_S;
        steady->owed_ns = owed_ns - cells * NSEC_PER_S / steady->cells_per_s;
        steady->told_at = now;
        for (uint32_t i = 0; i < steady->count; i++) {
            nsec oldest = age(&steady->stretches[i], now);
            steady->oldest = oldest > steady->oldest ? oldest : steady->oldest;
            press(steady, &steady->stretches[i], (uint32_t)cells, now);
        }
        wait_for(steady->flow->base, TICK);
    }
    *out = (struct load_steady_count){.arrived = load_flow_arrived(steady->flow),
                                      .verified = load_flow_verified(steady->flow),
                                      .oldest = steady->oldest};
}
