#include "des_threads/engine_threads.h"

#include <stdlib.h>

#include "support/random_model.h"
#include "support/small_net.h"
#include "support/test.h"

static void *allocate(UNUSED void *context, size_t size) {
    return calloc(1, size);
}

static void release(UNUSED void *context, void *object, UNUSED size_t size) {
    free(object);
}

static const struct memory heap = {allocate, release, NULL};

static void run_with(struct random_model *model, uint32_t partitions, uint32_t threads) {
    struct engine *engine = random_model_new(model, &heap, partitions, RANDOM_MODEL_LATENCY, 9);
    assert_non_null(engine);
    assert_int_equal(engine_run_threads(engine, NSEC_PER_S, threads), ERR_OK);
    assert_int_equal(engine_run_threads(engine, 10 * NSEC_PER_S, threads), ERR_OK);
    engine_free(engine);
}

static void any_number_of_threads_gives_the_same_histories(UNUSED void **state) {
    struct random_model first, other;
    run_with(&first, 1, 1);
    assert_true(first.hosts[5].seen > 1000);
    const struct { uint32_t partitions, threads; } ways[] = {{2, 1}, {2, 2}, {4, 2}, {4, 4}, {3, 8}, {60, 4}};
    for (unsigned i = 0; i < COUNT(ways); i++) {
        run_with(&other, ways[i].partitions, ways[i].threads);
        assert_true(random_model_same(&first, &other));
    }
}

static uint64_t run_network(uint32_t partitions, uint32_t threads) {
    static struct small_net s;
    static struct small_flow flows[3 * SMALL_HOSTS];
    small_init_with(&s, &heap, partitions, UINT32_MAX / 200);
    for (host_id id = 0; id < SMALL_HOSTS; id++)
        net_set_rates(s.net, id, 2000000, UINT64_C(1000000) * (1 + id % 3));
    for (unsigned i = 0; i < COUNT(flows); i++)
        small_start(&s, &flows[i], i % SMALL_HOSTS, (i + 1 + i / SMALL_HOSTS * 5) % SMALL_HOSTS, 500000,
                    514 * 7);
    assert_int_equal(engine_run_threads(s.engine, 20 * NSEC_PER_S, threads), ERR_OK);
    uint64_t hash = 0, bytes = 0;
    for (host_id id = 0; id < SMALL_HOSTS; id++) {
        hash = hash * 31 + s.sinks[id].hash;
        bytes += s.sinks[id].bytes;
    }
    assert_int_equal(bytes, COUNT(flows) * UINT64_C(500000));
    small_fini(&s);
    return hash;
}

static void a_network_is_the_same_on_any_number_of_threads(UNUSED void **state) {
    uint64_t hash = run_network(1, 1);
    assert_true(run_network(2, 2) == hash);
    assert_true(run_network(4, 2) == hash);
    assert_true(run_network(4, 4) == hash);
    assert_int_equal(hash, UINT64_C(0xca5b643efe49f6d7)); /* golden: on every compiler and machine */
}

static void *allocate_little(void *context, size_t size) {
    uint32_t *left = context;
    if (__atomic_fetch_sub(left, 1, __ATOMIC_RELAXED) == 0)
        __atomic_store_n(left, 0, __ATOMIC_RELAXED);
    return __atomic_load_n(left, __ATOMIC_RELAXED) ? calloc(1, size) : NULL;
}

static void without_memory_all_threads_stop(UNUSED void **state) {
    uint32_t left = 100;
    const struct memory little = {allocate_little, release, &left};
    struct random_model model;
    struct engine *engine = random_model_new(&model, &little, 4, RANDOM_MODEL_LATENCY, 9);
    assert_non_null(engine);
    assert_int_equal(engine_run_threads(engine, 10 * NSEC_PER_S, 4), ERR_LIMIT);
    engine_free(engine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_threads_gives_the_same_histories),
        cmocka_unit_test(a_network_is_the_same_on_any_number_of_threads),
        cmocka_unit_test(without_memory_all_threads_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
