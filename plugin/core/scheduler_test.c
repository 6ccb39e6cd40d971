#include "core/scheduler.h"

#include <math.h>

#include "base/rng.h"
#include "core/ewma.h"
#include "support/test.h"
#include "support/test_memory.h"

#define HALF_LIFE (30 * NSEC_PER_S)
#define ENTRIES   40u

struct fixture {
    struct test_memory memory;
    struct scheduler s;
    struct sched_queue queue;
    struct sched_entry entries[ENTRIES];
};

static void set_up(struct fixture *f) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    sched_init(&f->s, &f->memory.memory, HALF_LIFE);
    sched_queue_init(&f->queue);
}

static void tear_down(struct fixture *f) {
    sched_queue_fini(&f->s, &f->queue);
    for (unsigned i = 0; i < ENTRIES; i++)
        assert_int_equal(f->entries[i].position, 0);
    test_memory_fini(&f->memory);
}

static void activate(struct fixture *f, nsec now, unsigned i) {
    assert_int_equal(sched_activate(&f->s, now, &f->queue, &f->entries[i]), ERR_OK);
}

/* Index of the picked entry, which then sends its run. */
static unsigned send_run(struct fixture *f, nsec now, uint32_t max, uint32_t *run) {
    struct sched_entry *entry = sched_pick(&f->s, now, &f->queue, max, run);
    assert_non_null(entry);
    sched_charge(&f->s, now, &f->queue, entry, *run);
    return (unsigned)(entry - f->entries);
}

static void empty_queue_has_nothing(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    uint32_t run = 7;

    assert_null(sched_pick(&f.s, 5, &f.queue, 10, &run));
    assert_int_equal(run, 0);
    assert_true(sched_quietest(&f.s, 5, &f.queue) == UINT64_MAX);
    sched_deactivate(&f.queue, &f.entries[0]);

    tear_down(&f);
}

static void alone_it_may_send_all(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    activate(&f, 0, 0);
    activate(&f, 0, 0);
    uint32_t run;

    assert_int_equal(f.queue.count, 1);
    assert_int_equal(send_run(&f, 0, 10, &run), 0);
    assert_int_equal(run, 10);
    assert_int_equal(sched_quietest(&f.s, 0, &f.queue), 10 * EWMA_ONE);
    assert_int_equal(sched_quietest(&f.s, HALF_LIFE, &f.queue), 5 * EWMA_ONE);

    tear_down(&f);
}

static void quiet_one_overtakes_loud_one(UNUSED void **state) {
    static const struct {
        nsec at;
        unsigned entry;
        uint32_t run;
    } steps[] = {
        {0, 1, 31}, /* 0 has sent 100 cells, 1 none: full runs until they are level */
        {0, 1, 31},
        {0, 1, 31},
        {0, 1, 7 + SCHED_QUANTUM},         /* 108 */
        {0, 0, 8 + SCHED_QUANTUM},         /* 116 */
        {0, 1, 8 + SCHED_QUANTUM},         /* 124 */
        {HALF_LIFE, 0, 4 + SCHED_QUANTUM}, /* 58 against 62: half as loud, and so is the difference; 70 */
        {HALF_LIFE, 1, 8 + SCHED_QUANTUM}, /* 78 */
        {HALF_LIFE, 0, 8 + SCHED_QUANTUM},
    };
    struct fixture f;
    set_up(&f);
    sched_charge(&f.s, 0, &f.queue, &f.entries[0], 100);
    activate(&f, 0, 0);
    activate(&f, 0, 1);

    for (size_t i = 0; i < COUNT(steps); i++) {
        uint32_t run;
        assert_int_equal(send_run(&f, steps[i].at, 31, &run), steps[i].entry);
        assert_int_equal(run, steps[i].run);
    }

    tear_down(&f);
}

/* Whatever the runs: nobody is ever ahead of anybody by more than the quantum, and who comes late and quiet goes first. */
static void equal_ones_have_equal_shares(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    struct rng rng;
    rng_seed(&rng, 1);
    uint32_t sent[5] = {0}, run;
    for (unsigned i = 0; i < COUNT(sent); i++)
        activate(&f, 0, i);
    for (unsigned i = 0; i < 5000; i++) {
        unsigned picked = send_run(&f, i * NSEC_PER_US, 1 + (uint32_t)rng_below(&rng, 31), &run);
        sent[picked] += run;
        for (unsigned other = 0; other < COUNT(sent); other++)
            assert_true(sent[picked] <= sent[other] + SCHED_QUANTUM);
    }
    activate(&f, NSEC_PER_S, 5);
    assert_int_equal(send_run(&f, NSEC_PER_S, 31, &run), 5);
    assert_int_equal(run, 31);
    tear_down(&f);
}

static void activity_is_forgotten(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    sched_charge(&f.s, 0, &f.queue, &f.entries[0], 1000000);
    sched_charge(&f.s, 20 * HALF_LIFE, &f.queue, &f.entries[1], 2);
    activate(&f, 20 * HALF_LIFE, 1);
    activate(&f, 20 * HALF_LIFE, 0);
    uint32_t run;

    assert_int_equal(send_run(&f, 20 * HALF_LIFE, 31, &run), 0);
    assert_int_equal(run, 1 + SCHED_QUANTUM); /* a million is now a little less than one cell */
    sched_deactivate(&f.queue, &f.entries[0]);
    assert_int_equal(sched_quietest(&f.s, 100 * HALF_LIFE, &f.queue), 0);

    tear_down(&f);
}

static void loudest_of_all_stay_in_order(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    for (unsigned i = 0; i < 3; i++)
        activate(&f, 0, i);
    for (unsigned i = 0; i < 900; i++) {
        struct sched_entry *entry = &f.entries[i % 3];
        uint64_t before = entry->activity;
        sched_charge(&f.s, 0, &f.queue, entry, UINT32_MAX);
        assert_true(entry->activity >= before);
    }
    uint32_t run;
    assert_true(sched_quietest(&f.s, 0, &f.queue) == EWMA_ACTIVITY_MAX);
    assert_non_null(sched_pick(&f.s, 0, &f.queue, 31, &run));
    assert_int_equal(run, SCHED_QUANTUM);
    tear_down(&f);
}

static void no_memory_leaves_the_entry_inactive(UNUSED void **state) {
    struct fixture f;
    set_up(&f);
    test_memory_fail_after(&f.memory, 1);
    unsigned i = 0;
    while (sched_activate(&f.s, 0, &f.queue, &f.entries[i]) == ERR_OK)
        i++;

    assert_true(i > 0);
    assert_int_equal(f.entries[i].position, 0);
    assert_int_equal(f.queue.count, i);
    test_memory_fail_after(&f.memory, 1);
    activate(&f, 0, i);

    tear_down(&f);
}

static void half_life_changes_and_order_stays(UNUSED void **state) {
    static const nsec half_lives[] = {5 * NSEC_PER_S, 300 * NSEC_PER_S, NSEC_PER_S, HALF_LIFE};
    struct fixture f;
    set_up(&f);
    nsec now = 7 * HALF_LIFE + 20 * NSEC_PER_S;
    for (unsigned i = 0; i < 10; i++) {
        sched_charge(&f.s, now, &f.queue, &f.entries[i], 10000 + 1000 * i);
        activate(&f, now, i);
    }

    for (size_t i = 0; i < COUNT(half_lives); i++) {
        uint64_t before = sched_quietest(&f.s, now, &f.queue);
        uint64_t weight = ewma_weight(now % HALF_LIFE, HALF_LIFE);
        sched_set_half_life(&f.s, now, half_lives[i]);
        sched_set_half_life(&f.s, now, half_lives[i]);
        assert_int_equal(sched_quietest(&f.s, now, &f.queue), before);
        if (i == 0) { /* a cell weighs what it did, but for 1 % */
            sched_charge(&f.s, now, &f.queue, &f.entries[20], 100);
            assert_true(f.entries[20].activity <= 100 * weight);
            assert_true(f.entries[20].activity >= 98 * weight);
        }
        uint32_t run;
        assert_ptr_equal(sched_pick(&f.s, now, &f.queue, 31, &run), &f.entries[0]);
        now += half_lives[i];
        assert_int_equal(sched_quietest(&f.s, now, &f.queue), before / 2);
    }

    tear_down(&f);
}

/* --- against a model: what was sent and when, in floating point, and a search through all ------------------------ */

struct model {
    long double value[ENTRIES]; /* sum of 2^(time / half life) over the cells */
    bool active[ENTRIES];
    nsec now;
};

static long double weight_at(nsec now) {
    return exp2l((long double)now / (long double)HALF_LIFE);
}

static long double quietest(const struct model *model) {
    long double least = INFINITY;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (model->active[i] && model->value[i] < least)
            least = model->value[i];
    }
    return least;
}

/* Roundings: of weights (2^-15 of the value), and one unit for each tick in which something was charged. */
static long double slack(const struct model *model, long double value) {
    return value / 32768 + 4 * weight_at(model->now) / (long double)EWMA_ONE;
}

static void check_pick(struct fixture *f, struct model *model, struct rng *rng) {
    uint32_t max = 1 + (uint32_t)rng_below(rng, 40);
    uint32_t run;
    struct sched_entry *entry = sched_pick(&f->s, model->now, &f->queue, max, &run);
    long double least = quietest(model);
    if (entry == NULL) {
        assert_true(isinf(least));
        return;
    }
    unsigned i = (unsigned)(entry - f->entries);
    assert_true(model->active[i]);
    assert_true(model->value[i] <= least + 2 * slack(model, least));
    assert_true(run >= 1 && run <= max);
    model->active[i] = false;
    long double second = quietest(model);
    model->active[i] = true;
    long double weight = weight_at(model->now);
    long double ahead = model->value[i] + run * weight - second,
                rounding = 2 * slack(model, second) + weight / 1000;
    assert_true(ahead <= SCHED_QUANTUM * weight + rounding);
    if (run < max)
        assert_true(ahead >= (SCHED_QUANTUM - 1) * weight - rounding);
    sched_charge(&f->s, model->now, &f->queue, entry, run);
    model->value[i] += run * weight;
}

static void check_heap(const struct fixture *f, const struct model *model) {
    uint32_t active = 0;
    for (unsigned i = 0; i < ENTRIES; i++) {
        const struct sched_entry *entry = &f->entries[i];
        assert_int_equal(entry->position != 0, model->active[i]);
        if (entry->position == 0)
            continue;
        active++;
        assert_ptr_equal(f->queue.heap[entry->position - 1], entry);
        if (entry->position > 1) {
            const struct sched_entry *parent = f->queue.heap[entry->position / 2 - 1];
            assert_false(ewma_is_quieter(entry->activity, entry->tick, parent->activity, parent->tick));
        }
    }
    assert_int_equal(f->queue.count, active);
}

static void random_step(struct fixture *f, struct model *model, struct rng *rng) {
    unsigned i = (unsigned)rng_below(rng, ENTRIES);
    uint32_t cells = (uint32_t)rng_below(rng, 100);
    switch (rng_below(rng, 6)) {
    case 0:
        activate(f, model->now, i);
        model->active[i] = true;
        break;
    case 1:
        sched_deactivate(&f->queue, &f->entries[i]);
        model->active[i] = false;
        break;
    case 2:
        sched_charge(&f->s, model->now, &f->queue, &f->entries[i], cells);
        model->value[i] += cells * weight_at(model->now);
        break;
    case 3: model->now += rng_below(rng, rng_below(rng, 20) == 0 ? 3 * HALF_LIFE : NSEC_PER_S); break;
    default: check_pick(f, model, rng); break;
    }
}

static void scheduler_agrees_with_the_model(UNUSED void **state) {
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct fixture f;
        struct model model = {.now = seed * NSEC_PER_S};
        struct rng rng;
        set_up(&f);
        rng_seed(&rng, seed);
        for (unsigned i = 0; i < 2000; i++) {
            random_step(&f, &model, &rng);
            check_heap(&f, &model);
        }
        tear_down(&f);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_queue_has_nothing),
        cmocka_unit_test(alone_it_may_send_all),
        cmocka_unit_test(quiet_one_overtakes_loud_one),
        cmocka_unit_test(equal_ones_have_equal_shares),
        cmocka_unit_test(activity_is_forgotten),
        cmocka_unit_test(loudest_of_all_stay_in_order),
        cmocka_unit_test(half_life_changes_and_order_stays),
        cmocka_unit_test(no_memory_leaves_the_entry_inactive),
        cmocka_unit_test(scheduler_agrees_with_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
