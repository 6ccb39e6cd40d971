/* A sender and a receiver of core/chain_ring.h. The sender tries so many times to push the next chain, the receiver looks
 * so many times; the rest is popped when both have ended. */
#include "base/attributes.h"
#include "core/chain_ring.h"
#include "litmus/programs.h"

#define LINKS_MAX 8u

struct ring_plan {
    uint32_t slots, pushes, tries, looks;
};

struct link {
    uint32_t number;
};

struct ring_state {
    const struct ring_plan *plan;
    struct chain_ring ring;
    struct link links[LINKS_MAX];
    uint32_t pushed, popped;
    bool was_full, was_behind;
};

static void set_up(void *context, const struct memory *memory, const void *plan) {
    struct ring_state *s = context;
    s->plan = plan;
    litmus_expect(chain_ring_init(&s->ring, memory, s->plan->slots), "memory");
}

static void push_all(struct ring_state *s) {
    for (uint32_t i = 0; i < s->plan->tries && s->pushed < s->plan->pushes; i++) {
        struct link *link = &s->links[s->pushed];
        link->number = s->pushed + 1;
        struct chain chain = {.first = link, .last = link, .count = link->number};
        if (chain_ring_push(&s->ring, &chain))
            s->pushed++;
        else
            s->was_full = true;
    }
}

static void pop_all(struct ring_state *s) {
    struct chain chain;
    uint32_t limit = chain_ring_published(&s->ring), before = s->popped;
    while (chain_ring_pop(&s->ring, limit, &chain)) {
        struct link *link = chain.first;
        s->popped++;
        litmus_expect(chain.last == link && chain.count == s->popped, "a chain came whole and in order");
        litmus_expect(link->number == s->popped, "what hangs on the chain came with it");
        link->number = 0; /* it is ours now */
    }
    if (before > 0 && s->popped > before)
        s->was_behind = true;
}

static void run(void *context, unsigned thread) {
    struct ring_state *s = context;
    if (thread == 0) {
        push_all(s);
        return;
    }
    for (uint32_t i = 0; i < s->plan->looks; i++)
        pop_all(s);
}

static unsigned finish(void *context) {
    struct ring_state *s = context;
    pop_all(s);
    litmus_expect(s->popped == s->pushed, "everything came");
    return s->was_full | (unsigned)s->was_behind << 1 | (s->pushed == s->plan->pushes ? 4 : 0);
}

#define RING(title, ...)                                                                          \
    {                                                                                             \
        .name = (title), .threads = 2, .state_size = sizeof(struct ring_state), .set_up = set_up, \
        .run = run, .finish = finish, .plan = &(const struct ring_plan) {                         \
            __VA_ARGS__                                                                           \
        }                                                                                         \
    }

const struct litmus_program ring_programs[RING_PROGRAMS] = {
    RING("ring of one", .slots = 1, .pushes = 3, .tries = 4, .looks = 3),
    RING("ring of two", .slots = 2, .pushes = 4, .tries = 6, .looks = 3),
};
