#include "des/event_queue.h"

#include "base/rng.h"
#include "support/test.h"
#include "support/test_memory.h"

static struct event event_at(nsec at, uint32_t source, uint64_t counter) {
    return (struct event){.at = at, .order = event_order(source, counter), .arg = source};
}

static void events_leave_by_time_then_source_then_counter(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct event_queue queue = {0};
    assert_true(event_queue_next(&queue) == NSEC_NEVER);
    const struct event in[] = {event_at(5, 2, 0), event_at(5, 1, 9), event_at(5, 1, 8), event_at(4, 7, 70),
                               event_at(5, 0, 99)};
    for (unsigned i = 0; i < COUNT(in); i++)
        assert_int_equal(event_queue_add(&queue, &m.memory, &in[i]), ERR_OK);
    assert_int_equal(event_queue_next(&queue), 4);

    const unsigned order[] = {3, 4, 2, 1, 0};
    for (unsigned i = 0; i < COUNT(order); i++) {
        struct event out;
        event_queue_take(&queue, &m.memory, &out);
        assert_int_equal(out.at, in[order[i]].at);
        assert_true(out.order == in[order[i]].order);
    }
    assert_true(event_queue_next(&queue) == NSEC_NEVER);
    event_queue_fini(&queue, &m.memory);
    test_memory_fini(&m);
}

static void a_thousand_events_leave_in_order_while_more_come(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct event_queue queue = {0};
    struct rng rng;
    rng_seed(&rng, 5);
    uint64_t counter = 0;
    struct event last = {0};
    for (unsigned step = 0; step < 20000; step++) {
        bool add = queue.count == 0 || (queue.count < 1000 && rng_below(&rng, 2));
        if (add) {
            struct event e = event_at(last.at + rng_below(&rng, 50), (uint32_t)rng_below(&rng, 3), counter++);
            if (e.at == last.at && e.order < last.order)
                e.at++;
            assert_int_equal(event_queue_add(&queue, &m.memory, &e), ERR_OK);
        } else {
            struct event e;
            event_queue_take(&queue, &m.memory, &e);
            assert_true(e.at > last.at || (e.at == last.at && e.order > last.order));
            last = e;
        }
    }
    event_queue_fini(&queue, &m.memory);
    test_memory_fini(&m);
}

static void a_queue_shrinks_after_a_burst(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct event_queue queue = {0};
    struct event e;
    for (unsigned i = 0; i < 1000; i++) {
        e = event_at(i, 0, i);
        assert_int_equal(event_queue_add(&queue, &m.memory, &e), ERR_OK);
    }
    for (unsigned i = 0; i < 1000; i++) {
        if (i == 500)
            test_memory_fail_after(&m, 0); /* then it stays large, and in order */
        if (i == 900)
            test_memory_fail_after(&m, 100);
        event_queue_take(&queue, &m.memory, &e);
        assert_int_equal(e.at, i);
    }
    assert_true(m.bytes_live <= 32 * sizeof(struct event));
    event_queue_fini(&queue, &m.memory);
    test_memory_fini(&m);
}

static void without_memory_the_queue_stays_as_it_was(UNUSED void **state) {
    struct test_memory m;
    test_memory_init(&m);
    struct event_queue queue = {0};
    struct event e = event_at(1, 0, 0);
    test_memory_fail_after(&m, 1);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(event_queue_add(&queue, &m.memory, &e), ERR_OK);
    assert_int_equal(event_queue_add(&queue, &m.memory, &e), ERR_LIMIT);
    assert_int_equal(queue.count, 4);
    event_queue_fini(&queue, &m.memory);
    test_memory_fini(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_leave_by_time_then_source_then_counter),
        cmocka_unit_test(a_thousand_events_leave_in_order_while_more_come),
        cmocka_unit_test(a_queue_shrinks_after_a_burst),
        cmocka_unit_test(without_memory_the_queue_stays_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
