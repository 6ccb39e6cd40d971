#include "litmus/shapes.h"

/* Up to four registers, the outcome is their bits: r[0] + 2 r[1] + ... */
struct shape {
    atomic_uint x, y;
    atomic_uint z;
    unsigned plain;
    unsigned r[4];
};

#define RLX memory_order_relaxed
#define ACQ memory_order_acquire
#define REL memory_order_release

static unsigned outcome(void *state) {
    const struct shape *s = state;
    return (s->r[0] & 1) | (s->r[1] & 1) << 1 | (s->r[2] & 1) << 2 | (s->r[3] & 1) << 3;
}

static void put(atomic_uint *at, unsigned value, memory_order order) {
    if (order == REL)
        atomic_store_explicit(at, value, memory_order_release);
    else
        atomic_store_explicit(at, value, memory_order_relaxed);
}

static unsigned get(const atomic_uint *at, memory_order order) {
    if (order == ACQ)
        return atomic_load_explicit(at, memory_order_acquire);
    return atomic_load_explicit(at, memory_order_relaxed);
}

static void mp(struct shape *s, unsigned thread, memory_order store, memory_order load) {
    if (thread == 0) {
        put(&s->x, 1, RLX);
        put(&s->y, 1, store);
    } else {
        s->r[0] = get(&s->y, load);
        s->r[1] = get(&s->x, RLX);
    }
}

static void mp_relaxed(void *state, unsigned thread) {
    mp(state, thread, RLX, RLX);
}

static void mp_release(void *state, unsigned thread) {
    mp(state, thread, REL, RLX);
}

static void mp_acquire(void *state, unsigned thread) {
    mp(state, thread, RLX, ACQ);
}

static void mp_both(void *state, unsigned thread) {
    mp(state, thread, REL, ACQ);
}

static void mp_fences(void *state, unsigned thread) {
    struct shape *s = state;
    if (thread == 0) {
        put(&s->x, 1, RLX);
        atomic_thread_fence(memory_order_release);
        put(&s->y, 1, RLX);
    } else {
        s->r[0] = get(&s->y, RLX);
        atomic_thread_fence(memory_order_acquire);
        s->r[1] = get(&s->x, RLX);
    }
}

static void plain_message(struct shape *s, unsigned thread, memory_order store, memory_order load) {
    if (thread == 0) {
        s->plain = 1;
        put(&s->y, 1, store);
    } else if (get(&s->y, load) == 1) {
        s->r[0] = s->plain;
    }
}

static void plain_ordered(void *state, unsigned thread) {
    plain_message(state, thread, REL, ACQ);
}

static void plain_no_release(void *state, unsigned thread) {
    plain_message(state, thread, RLX, ACQ);
}

static void plain_no_acquire(void *state, unsigned thread) {
    plain_message(state, thread, REL, RLX);
}

/* A release sequence goes on through exchanges of others, and ends with their stores. */
static void sequence(void *state, unsigned thread) {
    struct shape *s = state;
    if (thread == 0) {
        s->plain = 1;
        put(&s->y, 1, REL);
    } else if (thread == 1) {
        if (get(&s->y, RLX) == 1)
            atomic_fetch_add_explicit(&s->y, 1, memory_order_relaxed);
    } else if (get(&s->y, ACQ) == 2) {
        s->r[0] = s->plain;
    }
}

static void sequence_broken(void *state, unsigned thread) {
    struct shape *s = state;
    if (thread == 0) {
        s->plain = 1;
        put(&s->y, 1, REL);
    } else if (thread == 1) {
        if (get(&s->y, RLX) == 1)
            put(&s->y, 2, RLX);
    } else if (get(&s->y, ACQ) == 2) {
        s->r[0] = s->plain;
    }
}

static void sb(void *state, unsigned thread) {
    struct shape *s = state;
    put(thread == 0 ? &s->x : &s->y, 1, REL);
    s->r[thread] = get(thread == 0 ? &s->y : &s->x, ACQ);
}

static void sb_fences(void *state, unsigned thread) {
    struct shape *s = state;
    put(thread == 0 ? &s->x : &s->y, 1, RLX);
    atomic_thread_fence(memory_order_seq_cst);
    s->r[thread] = get(thread == 0 ? &s->y : &s->x, RLX);
}

/* Both exchange one flag in between: what flag.h builds on. */
static void sb_flag(void *state, unsigned thread) {
    struct shape *s = state;
    put(thread == 0 ? &s->x : &s->y, 1, RLX);
    atomic_exchange_explicit(&s->z, thread, memory_order_acq_rel);
    s->r[thread] = get(thread == 0 ? &s->y : &s->x, RLX);
}

static void lb(void *state, unsigned thread) {
    struct shape *s = state;
    s->r[thread] = get(thread == 0 ? &s->x : &s->y, RLX);
    put(thread == 0 ? &s->y : &s->x, 1, RLX);
}

static void iriw(struct shape *s, unsigned thread, memory_order load, bool fenced) {
    if (thread < 2) {
        put(thread == 0 ? &s->x : &s->y, 1, RLX);
        return;
    }
    unsigned *r = &s->r[2 * (thread - 2)];
    r[0] = get(thread == 2 ? &s->x : &s->y, load);
    if (fenced)
        atomic_thread_fence(memory_order_seq_cst);
    r[1] = get(thread == 2 ? &s->y : &s->x, load);
}

static void iriw_acquire(void *state, unsigned thread) {
    iriw(state, thread, ACQ, false);
}

static void iriw_fences(void *state, unsigned thread) {
    iriw(state, thread, RLX, true);
}

/* Two threads store, two others must not see that in two orders. */
static void coherence_run(void *state, unsigned thread) {
    struct shape *s = state;
    if (thread < 2) {
        put(&s->x, thread + 1, RLX);
        return;
    }
    s->r[2 * (thread - 2)] = get(&s->x, RLX);
    s->r[2 * (thread - 2) + 1] = get(&s->x, RLX);
}

static unsigned coherence(void *state) {
    const struct shape *s = state;
    bool one_two = s->r[0] == 1 && s->r[1] == 2, two_one = s->r[2] == 2 && s->r[3] == 1;
    bool back = (s->r[0] != 0 && s->r[1] == 0) || (s->r[2] != 0 && s->r[3] == 0);
    return back ? 2 : one_two && two_one;
}

/* Each stores to both, in opposite order: 1 is what no sequence allows. */
static void two_two_run(void *state, unsigned thread) {
    struct shape *s = state;
    put(thread == 0 ? &s->x : &s->y, 1, RLX);
    put(thread == 0 ? &s->y : &s->x, 2, RLX);
}

static unsigned two_two(void *state) {
    struct shape *s = state;
    return get(&s->x, RLX) == 1 && get(&s->y, RLX) == 1;
}

/* Three threads count with exchanges; nothing is lost. */
static void count_run(void *state, UNUSED unsigned thread) {
    struct shape *s = state;
    atomic_fetch_add_explicit(&s->x, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->x, 1, memory_order_relaxed);
}

static unsigned count(void *state) {
    return get(&((struct shape *)state)->x, RLX);
}

static void count_loosely_run(void *state, UNUSED unsigned thread) {
    struct shape *s = state;
    put(&s->x, get(&s->x, ACQ) + 1, REL);
}

/* A causes B causes C: seen through two hands. */
static void hands(struct shape *s, unsigned thread, memory_order load) {
    if (thread == 0) {
        put(&s->x, 1, RLX);
        put(&s->y, 1, REL);
    } else if (thread == 1) {
        if (get(&s->y, load) == 1)
            put(&s->z, 1, REL);
    } else {
        s->r[0] = get(&s->z, ACQ);
        s->r[1] = get(&s->x, RLX);
    }
}

static void hands_acquire(void *state, unsigned thread) {
    hands(state, thread, ACQ);
}

static void hands_relaxed(void *state, unsigned thread) {
    hands(state, thread, RLX);
}

/* Two drop their reference; who drops the last one writes what both have read. */
static void references_run(struct shape *s, memory_order order) {
    unsigned seen = s->plain;
    unsigned before = order == RLX ? atomic_fetch_add_explicit(&s->x, 1, memory_order_relaxed)
                                   : atomic_fetch_add_explicit(&s->x, 1, memory_order_acq_rel);
    if (before == 1)
        s->plain = seen + 1;
}

static void references_ordered(void *state, UNUSED unsigned thread) {
    references_run(state, memory_order_acq_rel);
}

static void references_relaxed(void *state, UNUSED unsigned thread) {
    references_run(state, memory_order_relaxed);
}

struct two_bells {
    struct litmus_bell bells[2];
};

static void bells_run(void *state, unsigned thread) {
    struct two_bells *s = state;
    litmus_ring(&s->bells[thread]);
    (void)litmus_wait(&(struct litmus_bell *const){&s->bells[1 - thread]}, 1);
}

static void bells_crossed_run(void *state, unsigned thread) {
    struct two_bells *s = state;
    (void)litmus_wait(&(struct litmus_bell *const){&s->bells[1 - thread]}, 1);
    litmus_ring(&s->bells[thread]);
}

static unsigned nothing(UNUSED void *state) {
    return 0;
}

#define SHAPE(function, end, count)                                                                   \
    {                                                                                                 \
        .name = #function, .threads = (count), .state_size = sizeof(struct shape), .run = (function), \
        .finish = (end)                                                                               \
    }
#define BELLS(function)                                                                             \
    {                                                                                               \
        .name = #function, .threads = 2, .state_size = sizeof(struct two_bells), .run = (function), \
        .finish = nothing                                                                           \
    }

/* Outcomes as bits: of two registers a = r[0] and b = r[1], 1: both 0, 2: a alone, 4: b alone, 8: both. */
const struct shape_case shapes[SHAPES] = {
    {SHAPE(mp_relaxed, outcome, 2), 1 | 2 | 4 | 8, false},
    {SHAPE(mp_release, outcome, 2), 1 | 2 | 4 | 8, false},
    {SHAPE(mp_acquire, outcome, 2), 1 | 2 | 4 | 8, false},
    {SHAPE(mp_both, outcome, 2), 1 | 4 | 8, false},
    {SHAPE(mp_fences, outcome, 2), 1 | 4 | 8, false},
    {SHAPE(plain_ordered, outcome, 2), 1 | 2, false},
    {SHAPE(plain_no_release, outcome, 2), 0, true},
    {SHAPE(plain_no_acquire, outcome, 2), 0, true},
    {SHAPE(sequence, outcome, 3), 1 | 2, false},
    {SHAPE(sequence_broken, outcome, 3), 0, true},
    {SHAPE(sb, outcome, 2), 1 | 2 | 4 | 8, false},
    {SHAPE(sb_fences, outcome, 2), 2 | 4 | 8, false},
    {SHAPE(sb_flag, outcome, 2), 2 | 4 | 8, false},
    {SHAPE(lb, outcome, 2), 1 | 2 | 4, false}, /* 8 is what the model leaves out */
    {SHAPE(iriw_acquire, outcome, 4), 0xffff, false},
    {SHAPE(iriw_fences, outcome, 4), 0xffff & ~(1u << 5), false},
    {SHAPE(coherence_run, coherence, 4), 1, false},
    {SHAPE(two_two_run, two_two, 2), 1 | 2, false},
    {SHAPE(count_run, count, 3), 1 << 6, false},
    {SHAPE(count_loosely_run, count, 2), 1 << 1 | 1 << 2, false},
    {SHAPE(hands_acquire, outcome, 3), 1 | 4 | 8, false},
    {SHAPE(hands_relaxed, outcome, 3), 1 | 2 | 4 | 8, false},
    {SHAPE(references_ordered, outcome, 2), 1, false},
    {SHAPE(references_relaxed, outcome, 2), 0, true},
    {BELLS(bells_run), 1, false},
    {BELLS(bells_crossed_run), 0, true},
};
