/* The laws of balance.h, in tables and over many made-up loads. */
#include "core/balance.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

#define S         NSEC_PER_S
#define MS        NSEC_PER_MS
#define PERCENT   (BALANCE_ONE / 100)
#define LINKS     64u
#define THREADS   4u
#define MOVES_MAX 300u

struct fixture {
    struct test_memory memory;
    struct balance b;
};

static void set_up(struct fixture *f, uint16_t threads, enum balance_policy policy) {
    test_memory_init(&f->memory);
    assert_true(balance_init(&f->b, &f->memory.memory, threads, policy));
}

static void tear_down(struct fixture *f) {
    balance_fini(&f->b);
    test_memory_fini(&f->memory);
}

/* Each thread has been so busy, in percent, for long enough. */
static void busy_for_long(struct fixture *f, nsec now, const uint32_t *percent) {
    for (uint16_t i = 0; i < f->b.count; i++)
        balance_report(&f->b, now, i, percent[i] * S / 2, 50 * S);
}

static void assert_near(uint32_t value, uint32_t expected) {
    assert_in_range(value, expected - expected / 50 - 2, expected + expected / 50 + 2);
}

static void placed_in_turn(UNUSED void **state) {
    static const uint32_t busy[] = {90, 10, 50};
    struct fixture f;
    set_up(&f, 3, BALANCE_ROUND_ROBIN);
    busy_for_long(&f, 60 * S, busy); /* nobody asks */
    for (uint16_t i = 0; i < 7; i++)
        assert_int_equal(balance_place(&f.b, 60 * S), i % 3);
    assert_true(balance_next(&f.b) == NSEC_NEVER);
    tear_down(&f);
}

static void without_load_least_busy_is_in_turn(UNUSED void **state) {
    struct fixture f;
    set_up(&f, 3, BALANCE_LEAST_BUSY);
    for (uint16_t i = 0; i < 7; i++)
        assert_int_equal(balance_place(&f.b, S), i % 3);
    balance_unplace(&f.b, 1); /* two of three links have gone: it has the fewest */
    assert_int_equal(balance_place(&f.b, S), 1);
    assert_int_equal(balance_place(&f.b, S), 2);
    tear_down(&f);
}

/* 20 links on four threads, which are so busy: where do the next eight go? */
static void placed_where_there_is_most_room(UNUSED void **state) {
    static const struct {
        uint32_t busy[THREADS];
        uint32_t expected[THREADS];
    } cases[] = {
        {{0, 0, 0, 0}, {2, 2, 2, 2}},     {{100, 100, 100, 100}, {2, 2, 2, 2}},
        {{90, 90, 10, 90}, {0, 0, 7, 1}}, /* 14 % a link, counted as 12.5: the seventh fills it */
        {{50, 40, 30, 20}, {0, 1, 3, 4}}, /* 7 % a link: they end level */
        {{10, 11, 10, 11}, {2, 2, 2, 2}}, /* as good as equal */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        uint32_t before[THREADS];
        set_up(&f, THREADS, BALANCE_LEAST_BUSY);
        for (unsigned n = 0; n < 20; n++)
            (void)balance_place(&f.b, 0);
        for (uint16_t t = 0; t < THREADS; t++)
            before[t] = f.b.threads[t].links;
        busy_for_long(&f, 60 * S, cases[i].busy);
        for (unsigned n = 0; n < 8; n++)
            (void)balance_place(&f.b, 60 * S);
        for (uint16_t t = 0; t < THREADS; t++)
            assert_int_equal(f.b.threads[t].links - before[t], cases[i].expected[t]);
        tear_down(&f);
    }
}

/* Half of what is new after a half life; nothing is forgotten before two reports are missing. */
static void loads_follow_reports(UNUSED void **state) {
    static const uint32_t none[] = {0, 0};
    struct fixture f;
    set_up(&f, 2, BALANCE_LEAST_BUSY);
    busy_for_long(&f, 100 * S, none);
    balance_report(&f.b, 102 * S, 0, 2 * S, 2 * S);
    assert_near(balance_load(&f.b, 102 * S, 0), 50 * PERCENT);
    balance_report(&f.b, 104 * S, 0, 2 * S, 2 * S);
    assert_near(balance_load(&f.b, 104 * S, 0), 75 * PERCENT);
    assert_near(balance_load(&f.b, 104 * S + 500 * MS, 0), 75 * PERCENT);
    assert_near(balance_load(&f.b, 106 * S + 500 * MS, 0), 75 * PERCENT / 2);
    assert_near(balance_load(&f.b, 109 * S + 500 * MS, 0), 75 * PERCENT * 177 / 1000); /* 2^-2.5 */
    assert_int_equal(balance_load(&f.b, 1000 * S, 0), 0);
    /* busy for the last quarter of a second, after a long time in which nobody said anything */
    balance_report(&f.b, 1000 * S, 0, 250 * MS, 250 * MS);
    assert_near(balance_load(&f.b, 1000 * S, 0), 83 * PERCENT / 10);
    /* in small pieces or at once: the same */
    for (unsigned i = 1; i <= 8; i++)
        balance_report(&f.b, 1000 * S + i * 250 * MS, 0, 100 * MS, 250 * MS);
    balance_report(&f.b, 998 * S, 1, 0, S);
    balance_report(&f.b, 1000 * S, 1, 250 * MS, 250 * MS);
    balance_report(&f.b, 1002 * S, 1, 800 * MS, 2 * S);
    assert_near(balance_load(&f.b, 1002 * S, 0), balance_load(&f.b, 1002 * S, 1));
    /* more than always is always */
    balance_report(&f.b, 1003 * S, 0, 5 * S, S);
    assert_true(balance_load(&f.b, 1003 * S, 0) <= BALANCE_ONE);
    balance_report(&f.b, 1003 * S, 0, 0, 0);
    tear_down(&f);
}

/* Two threads, and links of the first: which moves? */
static void moves_what_makes_the_busier_less_busy(UNUSED void **state) {
    static const struct {
        uint32_t a, b;
        uint32_t links[4]; /* percent; 0: none */
        int expected;      /* index; -1: none; -2: it is not even asked */
    } cases[] = {
        {100, 20, {52, 30, 10, 5}, 1}, /* half the difference is 40: 30 is nearer than 52 */
        {100, 20, {60, 41, 30, 5}, 1}, /* the nearest to 40 */
        {100, 0, {95, 3, 0, 0}, 0},    /* 5 points better, against 3 */
        {100, 0, {99, 1, 0, 0}, -1},   /* the one is too heavy, the other not worth it */
        {100, 30, {70, 10, 0, 0}, 1},  /* the heavy one would only change places */
        {100, 30, {90, 0, 0, 0}, -1},  /* alone on its thread: nothing helps */
        {100, 95, {40, 20, 5, 3}, -2}, /* as good as equal */
        {70, 0, {40, 20, 5, 3}, -2},   /* nobody waits */
        {76, 60, {8, 7, 2, 1}, 0},     {100, 50, {0, 0, 0, 0}, -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint32_t busy[] = {cases[i].a, cases[i].b};
        struct link_load links[4];
        struct balance_question question;
        struct balance_move move;
        struct fixture f;
        uint32_t count = 0;
        set_up(&f, 2, BALANCE_MOVING);
        (void)balance_place(&f.b, 0);
        busy_for_long(&f, 60 * S, busy);
        for (; count < 4 && cases[i].links[count]; count++)
            links[count] = (struct link_load){.link = count + 1, .load = cases[i].links[count] * PERCENT};
        assert_int_equal(balance_look(&f.b, 60 * S, &question), cases[i].expected != -2);
        if (cases[i].expected != -2) {
            assert_int_equal(question.thread, 0);
            assert_near(question.most, (cases[i].a - cases[i].b) * PERCENT);
            assert_int_equal(balance_choose(&f.b, 60 * S, links, count, &move), cases[i].expected >= 0);
        }
        if (cases[i].expected >= 0) {
            assert_int_equal(move.link, cases[i].expected + 1);
            balance_expect(&f.b, 60 * S, &move);
            balance_moved(&f.b, move.from, move.to);
            assert_near(balance_load(&f.b, 60 * S, 0), cases[i].a * PERCENT - move.load);
            assert_near(balance_load(&f.b, 60 * S, 1), cases[i].b * PERCENT + move.load);
            assert_int_equal(f.b.threads[1].links, 1);
        }
        assert_false(balance_choose(&f.b, 60 * S, links, count, &move)); /* an answer that nobody waits for */
        tear_down(&f);
    }
}

/* It is looked at once a round while a thread is busy, and not at all otherwise. */
static void looks_only_while_somebody_is_busy(UNUSED void **state) {
    static const uint32_t calm[] = {60, 0}, busy[] = {90, 0};
    struct balance_question question;
    struct fixture f;
    set_up(&f, 2, BALANCE_MOVING);
    busy_for_long(&f, 60 * S, calm);
    assert_true(balance_next(&f.b) == NSEC_NEVER);
    busy_for_long(&f, 120 * S, busy);
    assert_true(balance_next(&f.b) == 120 * S);
    assert_true(balance_look(&f.b, 120 * S, &question));
    assert_false(balance_look(&f.b, 120 * S + BALANCE_ROUND - 1, &question));
    assert_true(balance_next(&f.b) == 120 * S + BALANCE_ROUND);
    busy_for_long(&f, 180 * S, calm);
    assert_false(balance_look(&f.b, 180 * S, &question));
    assert_true(balance_next(&f.b) == NSEC_NEVER);
    tear_down(&f);
}

/* --- links whose loads stay what they are ------------------------------------------------------------------------------ */

struct world {
    struct fixture f;
    struct rng rng;
    uint32_t load[LINKS];
    uint16_t thread[LINKS];
    nsec now;
};

static uint32_t thread_load(const struct world *w, uint16_t thread) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < LINKS; i++)
        if (w->thread[i] == thread)
            sum += w->load[i];
    return sum < BALANCE_ONE ? sum : BALANCE_ONE;
}

static uint32_t busiest(const struct world *w) {
    uint32_t most = 0;
    for (uint16_t t = 0; t < THREADS; t++)
        if (thread_load(w, t) > most)
            most = thread_load(w, t);
    return most;
}

static uint64_t squares(const struct world *w) {
    uint64_t sum = 0;
    for (uint16_t t = 0; t < THREADS; t++)
        sum += (uint64_t)thread_load(w, t) * thread_load(w, t);
    return sum;
}

/* Heavy-tailed: one in four is four times as heavy, and so on; scaled so that no thread is full. */
static void make_links(struct world *w, uint64_t seed) {
    rng_seed(&w->rng, seed);
    for (uint32_t i = 0; i < LINKS; i++) {
        w->load[i] = PERCENT + (uint32_t)rng_below(&w->rng, PERCENT);
        while (w->load[i] < 60 * PERCENT && rng_below(&w->rng, 4) == 0)
            w->load[i] *= 4;
        w->thread[i] = balance_place(&w->f.b, 0);
        if (thread_load(w, w->thread[i]) == BALANCE_ONE)
            w->load[i] = 0;
    }
}

/* The best eight, as a manager answers. */
static uint32_t answer(const struct world *w, const struct balance_question *question,
                       struct link_load *out) {
    uint32_t count = 0;
    bool is_taken[LINKS] = {false};
    while (count < LINK_LOADS_MAX) {
        uint32_t best = LINKS;
        for (uint32_t i = 0; i < LINKS; i++)
            if (w->thread[i] == question->thread && !is_taken[i] &&
                balance_gain(question->most, w->load[i]) > 0 &&
                (best == LINKS ||
                 balance_gain(question->most, w->load[i]) > balance_gain(question->most, w->load[best])))
                best = i;
        if (best == LINKS)
            break;
        is_taken[best] = true;
        out[count++] = (struct link_load){.link = best, .load = w->load[best]};
    }
    return count;
}

/* A round later, with the loads that there are. Returns the link that moves, or LINKS. */
static uint32_t next_move(struct world *w, struct balance_move *move_out) {
    struct link_load links[LINK_LOADS_MAX];
    struct balance_question question;
    w->now += 60 * S;
    for (uint16_t t = 0; t < THREADS; t++)
        balance_report(&w->f.b, w->now, t, (nsec)thread_load(w, t) * S / BALANCE_ONE * 50, 50 * S);
    if (!balance_look(&w->f.b, w->now, &question))
        return LINKS;
    uint32_t count = answer(w, &question, links);
    return balance_choose(&w->f.b, w->now, links, count, move_out) ? (uint32_t)move_out->link : LINKS;
}

static void moves_come_to_an_end(UNUSED void **state) {
    unsigned moves_in_all = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct world w = {.now = 0};
        struct balance_move move;
        uint32_t link, moves = 0, first = 0;
        set_up(&w.f, THREADS, BALANCE_MOVING);
        make_links(&w, seed);
        first = busiest(&w);
        while ((link = next_move(&w, &move)) != LINKS) {
            uint64_t before = squares(&w);
            uint32_t busiest_before = busiest(&w);
            uint16_t from = w.thread[link];
            assert_int_equal(from, move.from);
            w.thread[link] = move.to;
            assert_true(squares(&w) < before);
            assert_true(busiest(&w) <= busiest_before);
            assert_true(++moves < MOVES_MAX);
        }
        assert_true(busiest(&w) <= first);
        moves_in_all += moves;
        tear_down(&w.f);
    }
    assert_true(moves_in_all > 100);
}

/* With loads that jump about, there is a move a round at most. */
static void noise_moves_one_link_a_round_at_most(UNUSED void **state) {
    struct fixture f;
    struct rng rng;
    unsigned looks = 0;
    set_up(&f, 3, BALANCE_MOVING);
    rng_seed(&rng, 5);
    for (nsec now = S; now < 101 * S; now += 250 * MS) {
        struct balance_question question;
        for (uint16_t t = 0; t < 3; t++)
            balance_report(&f.b, now, t, rng_below(&rng, 250) * MS, 250 * MS);
        looks += balance_look(&f.b, now, &question);
        looks += balance_look(&f.b, now, &question);
    }
    assert_true(looks <= 100);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placed_in_turn),
        cmocka_unit_test(without_load_least_busy_is_in_turn),
        cmocka_unit_test(placed_where_there_is_most_room),
        cmocka_unit_test(loads_follow_reports),
        cmocka_unit_test(moves_what_makes_the_busier_less_busy),
        cmocka_unit_test(looks_only_while_somebody_is_busy),
        cmocka_unit_test(moves_come_to_an_end),
        cmocka_unit_test(noise_moves_one_link_a_round_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
