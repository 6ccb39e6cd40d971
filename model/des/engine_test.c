#include "des/engine.h"

#include "support/random_model.h"
#include "support/test.h"
#include "support/test_memory.h"

struct record {
    nsec now[16];
    uint32_t arg[16];
    unsigned n;
};

static void write_down(struct host *host, nsec now, uint32_t arg, void *object) {
    struct record *record = host_user(host);
    assert_null(object);
    assert_int_equal(host_now(host), now);
    record->now[record->n] = now;
    record->arg[record->n++] = arg;
}

static struct engine *small_engine(const struct memory *memory, uint32_t hosts, uint32_t partitions) {
    return engine_new(&(struct engine_config){.memory = memory,
                                              .hosts = hosts,
                                              .partitions = partitions,
                                              .lookahead_within = 10,
                                              .lookahead_across = 10,
                                              .seed = 1,
                                              .object_size = 64});
}

/* Host 0 hears from 3, 1 and itself at one moment: by source, whatever the order of sending. */
static void events_of_one_moment_come_by_source_then_by_counter(UNUSED void **state) {
    for (uint32_t partitions = 1; partitions <= 4; partitions++) {
        struct test_memory m;
        test_memory_init(&m);
        struct engine *engine = small_engine(&m.memory, 4, partitions);
        struct record record = {.n = 0};
        event_kind note = engine_add_kind(engine, write_down);
        host_set_user(engine_host(engine, 0), &record);
        host_send(engine_host(engine, 3), 0, 100, note, 30, NULL);
        host_send(engine_host(engine, 1), 0, 100, note, 10, NULL);
        host_send(engine_host(engine, 3), 0, 100, note, 31, NULL);
        host_at(engine_host(engine, 0), 100, note, 0, NULL);
        host_send(engine_host(engine, 1), 0, 99, note, 11, NULL);

        assert_int_equal(engine_run(engine, 98), ERR_OK);
        assert_int_equal(record.n, 0);
        assert_int_equal(engine_run(engine, 100), ERR_OK); /* up to and including */

        const uint32_t expected[] = {11, 0, 10, 30, 31};
        assert_int_equal(record.n, COUNT(expected));
        for (unsigned i = 0; i < COUNT(expected); i++)
            assert_int_equal(record.arg[i], expected[i]);
        assert_int_equal(host_now(engine_host(engine, 2)), 100);
        assert_int_equal(engine_events(engine), COUNT(expected));
        engine_free(engine);
        test_memory_fini(&m);
    }
}

static void chain(struct host *host, nsec now, uint32_t left, UNUSED void *object) {
    event_kind *kind = host_user(host);
    if (left > 0)
        host_at(host, now, *kind, left - 1, NULL); /* no delay at all */
}

static void a_host_may_have_any_number_of_events_at_one_moment(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct engine *engine = small_engine(&m.memory, 2, 1);
    event_kind kind = engine_add_kind(engine, chain);
    host_set_user(engine_host(engine, 1), &kind);
    host_at(engine_host(engine, 1), 5, kind, 1000, NULL);
    assert_int_equal(engine_run(engine, 5), ERR_OK);
    assert_int_equal(engine_events(engine), 1001);
    engine_free(engine);
    test_memory_fini(&m);
}

static void run_random_model(struct random_model *model, uint32_t partitions, nsec lookahead, nsec step,
                             uint64_t seed) {
    struct test_memory m;
    test_memory_init(&m);
    struct engine *engine = random_model_new(model, &m.memory, partitions, lookahead, seed);
    assert_non_null(engine);
    for (nsec until = step; until <= 10 * NSEC_PER_S; until += step)
        assert_int_equal(engine_run(engine, until), ERR_OK);
    engine_free(engine);
    test_memory_fini(&m);
}

static void partitions_windows_and_pauses_cannot_be_told_from_the_results(UNUSED void **state) {
    struct random_model first, other;
    run_random_model(&first, 1, RANDOM_MODEL_LATENCY, 10 * NSEC_PER_S, 1);
    assert_true(first.hosts[0].seen > 1000);
    run_random_model(&other, 7, RANDOM_MODEL_LATENCY, 10 * NSEC_PER_S, 1);
    assert_true(random_model_same(&first, &other));
    run_random_model(&other, RANDOM_MODEL_HOSTS, RANDOM_MODEL_LATENCY / 3, 10 * NSEC_PER_S, 1);
    assert_true(random_model_same(&first, &other));
    run_random_model(&other, 3, RANDOM_MODEL_LATENCY, NSEC_PER_S / 100, 1);
    assert_true(random_model_same(&first, &other));
    run_random_model(&other, 1, RANDOM_MODEL_LATENCY, 10 * NSEC_PER_S, 2);
    assert_false(random_model_same(&first, &other));
}

/* Golden: the same on every compiler and machine. */
static void the_history_is_the_one_on_record(UNUSED void **state) {
    struct random_model model;
    run_random_model(&model, 2, RANDOM_MODEL_LATENCY, 10 * NSEC_PER_S, 42);
    uint64_t all = 0;
    for (unsigned i = 0; i < RANDOM_MODEL_HOSTS; i++)
        all = all * 31 + model.hosts[i].hash;
    assert_int_equal(all, UINT64_C(0xb93cb5325233c006));
}

static void objects_that_wander_are_not_made_again_and_again(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct random_model model;
    struct engine *engine = random_model_new(&model, &m.memory, 4, RANDOM_MODEL_LATENCY, 1);
    assert_int_equal(engine_run(engine, 5 * NSEC_PER_S / 10), ERR_OK);
    uint64_t bytes = engine_object_bytes(engine);
    assert_int_equal(engine_run(engine, 10 * NSEC_PER_S), ERR_OK);
    assert_int_equal(engine_object_bytes(engine), bytes);
    engine_free(engine);
    test_memory_fini(&m);
}

/* Host 0 sends three objects with each event, each pointing to the next, to host 1, which sends none back. */
struct one_way {
    event_kind send, receive;
};

static void send_three(struct host *host, nsec now, uint32_t arg, void *object) {
    const struct one_way *way = host_user(host);
    for (unsigned i = 0; i < 3; i++) {
        void **next = host_take(host);
        assert_non_null(next);
        *next = object;
        object = next;
    }
    host_send(host, 1, now + 10, way->receive, arg, object);
    host_at(host, now + 1, way->send, 0, NULL);
}

static void put_all(struct host *host, UNUSED nsec now, UNUSED uint32_t arg, void *object) {
    while (object) {
        void *next = *(void **)object;
        host_put(host, object);
        object = next;
    }
}

static void objects_that_only_go_one_way_come_back(UNUSED void **state) {
    struct test_memory m;
    struct one_way way;
    test_memory_init(&m);
    struct engine *engine = small_engine(&m.memory, 2, 2);
    way.send = engine_add_kind(engine, send_three);
    way.receive = engine_add_kind(engine, put_all);
    host_set_user(engine_host(engine, 0), &way);
    host_at(engine_host(engine, 0), 0, way.send, 0, NULL);
    assert_int_equal(engine_run(engine, 1000), ERR_OK);
    uint64_t bytes = engine_object_bytes(engine);
    assert_int_equal(engine_run(engine, 100000), ERR_OK);
    assert_int_equal(engine_object_bytes(engine), bytes);
    engine_free(engine);
    test_memory_fini(&m);
}

static void without_memory_the_run_stops_and_says_so(UNUSED void **state) {
    for (uint32_t granted = 0; granted < 120; granted++) {
        struct test_memory m;
        test_memory_init(&m);
        test_memory_fail_after(&m, granted);
        struct random_model model;
        struct engine *engine = random_model_new(&model, &m.memory, 3, RANDOM_MODEL_LATENCY, 1);
        if (engine)
            assert_int_equal(engine_run(engine, NSEC_PER_S), ERR_LIMIT);
        engine_free(engine);
        test_memory_fini(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_one_moment_come_by_source_then_by_counter),
        cmocka_unit_test(a_host_may_have_any_number_of_events_at_one_moment),
        cmocka_unit_test(partitions_windows_and_pauses_cannot_be_told_from_the_results),
        cmocka_unit_test(the_history_is_the_one_on_record),
        cmocka_unit_test(objects_that_wander_are_not_made_again_and_again),
        cmocka_unit_test(objects_that_only_go_one_way_come_back),
        cmocka_unit_test(without_memory_the_run_stops_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
