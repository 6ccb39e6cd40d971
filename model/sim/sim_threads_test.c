#include "sim/sim_threads.h"

#include "support/test.h"
#include "support/test_memory.h"

/* A host whose inputs carry their own prices and write down when they begin and when they are seen. */
struct note {
    nsec at;
    uint16_t thread;
    uint64_t object;
    bool is_end;
};

struct bench {
    struct sim_threads threads; /* first: what a handler gets back */
    struct test_memory memory;
    struct engine *engine;
    struct sim_series series;
    struct note notes[32];
    unsigned count;
    nsec wake_price;
    unsigned wakes, turns;
    uint64_t current[4]; /* of each thread */
    event_kind post;
};

#define US     NSEC_PER_US
#define WAKING UINT64_MAX /* instead of an input */

static nsec step(struct sim_threads *threads, nsec now, uint16_t thread, const struct sim_input *input) {
    struct bench *bench = (struct bench *)(void *)threads;
    bench->notes[bench->count++] = (struct note){now, thread, input->object, false};
    bench->current[thread] = input->object;
    bench->turns += sim_threads_turns(threads, thread);
    if (input->kind == 1) { /* has a rest, of half its price */
        const struct sim_input rest = {.object = input->object / 2, .kind = 0};
        sim_threads_post_rest(threads, now, thread, &rest);
    }
    return input->object;
}

static nsec wake(struct sim_threads *threads, nsec now, uint16_t thread) {
    struct bench *bench = (struct bench *)(void *)threads;
    (void)now;
    bench->wakes++;
    bench->current[thread] = WAKING;
    return bench->wake_price;
}

static void finish(struct sim_threads *threads, nsec now, uint16_t thread) {
    struct bench *bench = (struct bench *)(void *)threads;
    bench->notes[bench->count++] = (struct note){now, thread, bench->current[thread], true};
}

static const struct sim_threads_calls calls = {.wake = wake, .step = step, .finish = finish};

static void on_end(struct host *host, nsec now, uint32_t arg, void *object) {
    (void)object;
    sim_threads_event(host_user(host), now, arg);
}

static void on_post(struct host *host, nsec now, uint32_t arg, void *object) {
    struct sim_threads *threads = host_user(host);
    const struct sim_input input = {.object = arg % 1000000, .kind = (uint8_t)(arg / 10000000)};
    (void)object;
    assert_true(sim_threads_post(threads, now, (uint16_t)(arg / 1000000 % 10), &input));
    sim_threads_dispatch(threads, now);
}

static void set_up(struct bench *bench, uint16_t threads, uint16_t cores) {
    *bench = (struct bench){.count = 0};
    test_memory_init(&bench->memory);
    bench->engine = engine_new(&(struct engine_config){.memory = &bench->memory.memory,
                                                       .hosts = 1,
                                                       .partitions = 1,
                                                       .lookahead_within = 1,
                                                       .lookahead_across = 1});
    event_kind end = engine_add_kind(bench->engine, on_end);
    bench->post = engine_add_kind(bench->engine, on_post);
    struct host *host = engine_host(bench->engine, 0);
    assert_true(
        sim_series_init(&bench->series, &bench->memory.memory, NSEC_PER_S, NSEC_PER_S, 0, threads, 0));
    cores_init(&bench->threads.cores, cores, 1, 1000);
    assert_true(sim_threads_init(&bench->threads, host, &calls, &bench->series, threads, end));
    host_set_user(host, &bench->threads);
}

/* An input for thread at that time, which takes price (below a million). */
static void post(struct bench *bench, nsec at, uint32_t thread, uint32_t price, uint32_t kind) {
    host_at(engine_host(bench->engine, 0), at, bench->post, kind * 10000000 + thread * 1000000 + price, NULL);
}

static void run(struct bench *bench, const struct note *expected, unsigned count) {
    assert_int_equal(engine_run(bench->engine, NSEC_PER_S), ERR_OK);
    assert_int_equal(bench->count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(bench->notes[i].at, expected[i].at);
        assert_int_equal(bench->notes[i].thread, expected[i].thread);
        assert_int_equal(bench->notes[i].object, expected[i].object);
        assert_int_equal(bench->notes[i].is_end, expected[i].is_end);
    }
}

static void no_drop(struct sim_threads *threads, const struct sim_input *input) {
    (void)threads;
    (void)input;
    fail();
}

static void tear_down(struct bench *bench) {
    sim_threads_fini(&bench->threads, no_drop);
    sim_series_fini(&bench->series, &bench->memory.memory);
    engine_free(bench->engine);
    test_memory_fini(&bench->memory);
}

/* The second input waits for the first; the third comes when there is nothing to do. */
static void test_a_thread_does_one_thing_after_another(void **state) {
    (void)state;
    static const struct note expected[] = {{0, 0, 10 * US, false},       {10 * US, 0, 10 * US, true},
                                           {10 * US, 0, 5 * US, false},  {15 * US, 0, 5 * US, true},
                                           {100 * US, 0, 1 * US, false}, {101 * US, 0, 1 * US, true}};
    struct bench bench;
    set_up(&bench, 1, 4);
    post(&bench, 0, 0, 10 * US, 0);
    post(&bench, 3 * US, 0, 5 * US, 0);
    post(&bench, 100 * US, 0, 1 * US, 0);
    run(&bench, expected, 6);
    assert_int_equal(bench.series.threads[0].delay_sum, 7 * US);
    assert_int_equal(bench.series.threads[0].busy, 16 * US);
    tear_down(&bench);
}

/* Two threads on one core take turns, step by step. */
static void test_threads_take_turns_on_a_core(void **state) {
    (void)state;
    static const struct note expected[] = {{0, 0, 10 * US, false},       {10 * US, 0, 10 * US, true},
                                           {10 * US, 1, 10 * US, false}, {20 * US, 1, 10 * US, true},
                                           {20 * US, 0, 10 * US, false}, {30 * US, 0, 10 * US, true},
                                           {30 * US, 1, 10 * US, false}, {40 * US, 1, 10 * US, true}};
    struct bench bench;
    set_up(&bench, 2, 1);
    for (unsigned i = 0; i < 2; i++)
        for (unsigned thread = 0; thread < 2; thread++)
            post(&bench, 0, thread, 10 * US, 0);
    run(&bench, expected, 8);
    tear_down(&bench);
}

static void test_threads_run_at_once_on_two_cores(void **state) {
    (void)state;
    static const struct note expected[] = {{0, 0, 10 * US, false},
                                           {0, 1, 10 * US, false},
                                           {10 * US, 0, 10 * US, true},
                                           {10 * US, 1, 10 * US, true}};
    struct bench bench;
    set_up(&bench, 2, 2);
    post(&bench, 0, 0, 10 * US, 0);
    post(&bench, 0, 1, 10 * US, 0);
    run(&bench, expected, 4);
    tear_down(&bench);
}

/* The rest of a step comes before what waited already, and has not waited. */
static void test_the_rest_of_a_step_comes_first(void **state) {
    (void)state;
    static const struct note expected[] = {{0, 0, 8 * US, false},       {8 * US, 0, 8 * US, true},
                                           {8 * US, 0, 4 * US, false},  {12 * US, 0, 4 * US, true},
                                           {12 * US, 0, 1 * US, false}, {13 * US, 0, 1 * US, true}};
    struct bench bench;
    set_up(&bench, 1, 2);
    post(&bench, 0, 0, 8 * US, 1);
    post(&bench, 1 * US, 0, 1 * US, 0);
    run(&bench, expected, 6);
    assert_int_equal(bench.series.threads[0].inputs, 2);
    assert_int_equal(bench.series.threads[0].delay_sum, 11 * US);
    tear_down(&bench);
}

/* A thread that sleeps is woken: its first input waits for that, what comes meanwhile does too, and what comes later does not. */
static void test_a_wake_takes_time_and_no_work(void **state) {
    (void)state;
    static const struct note expected[] = {{4 * US, 0, 10 * US, false},  {14 * US, 0, 10 * US, true},
                                           {14 * US, 0, 5 * US, false},  {19 * US, 0, 5 * US, true},
                                           {19 * US, 0, 3 * US, false},  {22 * US, 0, 3 * US, true},
                                           {104 * US, 0, 1 * US, false}, {105 * US, 0, 1 * US, true}};
    struct bench bench;
    set_up(&bench, 1, 4);
    bench.threads.wake_delay = 4 * US;
    post(&bench, 0, 0, 10 * US, 0);
    post(&bench, 1 * US, 0, 5 * US, 0);
    post(&bench, 15 * US, 0, 3 * US, 0);
    post(&bench, 100 * US, 0, 1 * US, 0);
    run(&bench, expected, 8);
    assert_int_equal(bench.series.threads[0].busy, 19 * US);
    assert_int_equal(bench.series.threads[0].core_wait_sum, 0);
    tear_down(&bench);
}

/* Who has slept pays for waking up before it looks at what has come, and then has all of it in one turn; who has not slept pays
 * nothing. That is work, and inputs wait for it. */
static void test_who_slept_pays_for_waking_up_first(void **state) {
    (void)state;
    static const struct note expected[] = {{10 * US, 0, WAKING, true},   {10 * US, 0, 5 * US, false},
                                           {15 * US, 0, 5 * US, true},   {15 * US, 0, 3 * US, false},
                                           {18 * US, 0, 3 * US, true},   {18 * US, 0, 2 * US, false},
                                           {20 * US, 0, 2 * US, true},   {106 * US, 0, WAKING, true},
                                           {106 * US, 0, 1 * US, false}, {107 * US, 0, 1 * US, true}};
    struct bench bench;
    set_up(&bench, 1, 4);
    bench.threads.wake_delay = 4 * US;
    bench.wake_price = 6 * US;
    post(&bench, 0, 0, 5 * US, 0);
    post(&bench, 7 * US, 0, 3 * US, 0);
    post(&bench, 16 * US, 0, 2 * US, 0);
    post(&bench, 96 * US, 0, 1 * US, 0);
    run(&bench, expected, 10);
    assert_int_equal(bench.wakes, 2);
    assert_int_equal(bench.turns, 3);
    assert_int_equal(bench.series.threads[0].inputs, 4);
    assert_int_equal(bench.series.threads[0].delay_sum, (10 + 8 + 2 + 10) * US);
    assert_int_equal(bench.series.threads[0].busy, 23 * US);
    tear_down(&bench);
}

/* Threads 0 and 2 are pinned to core 0, thread 1 to core 1: who waits for his core is passed by. */
static void test_a_pinned_thread_waits_for_its_core(void **state) {
    (void)state;
    static const struct note expected[] = {{0, 0, 10 * US, false},       {0, 1, 4 * US, false},
                                           {4 * US, 1, 4 * US, true},    {10 * US, 0, 10 * US, true},
                                           {10 * US, 2, 10 * US, false}, {20 * US, 2, 10 * US, true}};
    struct bench bench;
    set_up(&bench, 3, 2);
    for (uint16_t i = 0; i < 3; i++)
        sim_threads_pin(&bench.threads, i, i % 2);
    post(&bench, 0, 0, 10 * US, 0);
    post(&bench, 0, 2, 10 * US, 0);
    post(&bench, 0, 1, 4 * US, 0);
    run(&bench, expected, 6);
    assert_int_equal(bench.series.threads[2].core_wait_sum, 10 * US);
    assert_int_equal(bench.series.threads[2].core_wait_max, 10 * US);
    assert_int_equal(bench.series.threads[2].steps, 1);
    assert_int_equal(bench.series.threads[1].core_wait_sum, 0);
    tear_down(&bench);
}

/* A kernel thread comes last and begins first, without being woken; the steps of the others are not cut short. */
static void test_the_kernel_goes_first(void **state) {
    (void)state;
    static const struct note expected[] = {{2 * US, 0, 10 * US, false},  {12 * US, 0, 10 * US, true},
                                           {12 * US, 2, 3 * US, false},  {15 * US, 2, 3 * US, true},
                                           {15 * US, 1, 10 * US, false}, {25 * US, 1, 10 * US, true}};
    struct bench bench;
    set_up(&bench, 3, 1);
    bench.threads.wake_delay = 2 * US;
    sim_threads_pin(&bench.threads, 2, 0);
    sim_threads_make_kernel(&bench.threads, 2);
    post(&bench, 0, 0, 10 * US, 0);
    post(&bench, 1 * US, 1, 10 * US, 0);
    post(&bench, 5 * US, 2, 3 * US, 0);
    run(&bench, expected, 6);
    tear_down(&bench);
}

/* What costs nothing is done and seen at once, without an event. */
static void test_free_steps_take_no_time(void **state) {
    (void)state;
    static const struct note expected[] = {
        {5, 0, 0, false}, {5, 0, 0, true}, {5, 1, 0, false}, {5, 1, 0, true}};
    struct bench bench;
    set_up(&bench, 2, 1);
    post(&bench, 5, 0, 0, 0);
    post(&bench, 5, 1, 0, 0);
    run(&bench, expected, 4);
    assert_int_equal(engine_events(bench.engine), 2);
    assert_int_equal(bench.threads.cores.statistics.pieces, 0);
    tear_down(&bench);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_thread_does_one_thing_after_another),
        cmocka_unit_test(test_threads_take_turns_on_a_core),
        cmocka_unit_test(test_threads_run_at_once_on_two_cores),
        cmocka_unit_test(test_the_rest_of_a_step_comes_first),
        cmocka_unit_test(test_a_wake_takes_time_and_no_work),
        cmocka_unit_test(test_who_slept_pays_for_waking_up_first),
        cmocka_unit_test(test_a_pinned_thread_waits_for_its_core),
        cmocka_unit_test(test_the_kernel_goes_first),
        cmocka_unit_test(test_free_steps_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
